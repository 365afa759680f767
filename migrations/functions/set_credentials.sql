-- Store a new version of a clinic's sealed secret; the one before stays accepted for p_overlap_hours.
-- p_version must be the next one: it is part of what the seal was made over, so it cannot be given out here.
-- Outcomes: set, version_conflict (with next_version: seal again and repeat), invalid.
CREATE OR REPLACE FUNCTION frontdesk.set_credentials(
    p_org_id        uuid,
    p_purpose       text,
    p_version       integer,
    p_key_id        text,
    p_wrapped_key   text,       -- these three in base64
    p_nonce         text,
    p_ciphertext    text,
    p_overlap_hours integer DEFAULT 24
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_next integer;
    v_rule text;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    PERFORM FROM orgs WHERE id = p_org_id FOR UPDATE;   -- one at a time
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown org %', p_org_id USING ERRCODE = '22023';
    END IF;
    SELECT coalesce(max(c.version), 0) + 1 INTO v_next FROM credentials c WHERE c.org_id = p_org_id AND c.purpose = p_purpose;
    IF p_version IS DISTINCT FROM v_next THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'next_version', v_next);
    END IF;
    UPDATE credentials c SET retired_at = now() + make_interval(hours => p_overlap_hours)
    WHERE c.org_id = p_org_id AND c.purpose = p_purpose AND c.version = v_next - 1;
    INSERT INTO credentials (org_id, purpose, version, key_id, wrapped_key, nonce, ciphertext)
    VALUES (p_org_id, p_purpose, p_version, p_key_id, decode(p_wrapped_key, 'base64'), decode(p_nonce, 'base64'), decode(p_ciphertext, 'base64'));
    RETURN jsonb_build_object('outcome', 'set', 'version', v_next);
EXCEPTION WHEN check_violation OR not_null_violation OR invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
    IF SQLERRM LIKE 'unknown org %' THEN RAISE; END IF;
    RETURN jsonb_build_object('outcome', 'invalid', 'rule', coalesce(nullif(v_rule, ''), 'bad_value'));
END
$$;
