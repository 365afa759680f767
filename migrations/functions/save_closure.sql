-- Close the clinic, or one provider, from one moment to another; booked visits stay. Outcomes: added (with how many
-- coming visits lie in it), unknown_provider, invalid, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.save_closure(
    p_org_id          uuid,
    p_starts_at       timestamptz,
    p_ends_at         timestamptz,
    p_provider_id     uuid,        -- null: the whole clinic
    p_reason          text,
    p_actor           text,
    p_idempotency_key text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_hash   text := md5(jsonb_build_array('closure', p_starts_at, p_ends_at, p_provider_id, p_reason)::text);
    v_made   jsonb;
    v_row    closures;
    v_answer jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    v_answer := stored_answer(p_org_id, p_idempotency_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    v_made := add_closure(p_org_id, p_starts_at, p_ends_at, p_provider_id::text, p_reason);
    IF v_made ->> 'rule' = 'unknown_provider' THEN
        RETURN '{"outcome": "unknown_provider"}';
    ELSIF v_made ->> 'outcome' <> 'added' THEN
        RETURN v_made;
    END IF;
    SELECT * INTO v_row FROM closures c WHERE c.org_id = p_org_id AND c.id = (v_made ->> 'id')::uuid;
    v_answer := jsonb_build_object('outcome', 'added', 'closure', closure_json(v_row), 'outside_count', (
        SELECT count(*) FROM providers p
        JOIN appointments a ON a.org_id = p.org_id AND a.provider_id = p.id AND a.starts_at > greatest(now(), p_starts_at - interval '8 hours')
            AND a.starts_at < p_ends_at AND a.ends_at > p_starts_at AND a.status IN ('pending', 'confirmed', 'arrived')
        WHERE p.org_id = p_org_id AND (p_provider_id IS NULL OR p.id = p_provider_id)));
    PERFORM keep_answer(p_org_id, p_idempotency_key, v_hash, v_answer);
    RETURN v_answer || jsonb_build_object('outbox', settings_changed(
        p_org_id, 'closure', jsonb_build_object('closure_id', v_row.id, 'provider_id', p_provider_id), p_actor));
END
$$;
