-- Invite somebody to the board by their e-mail address: whoever first signs in with it, verified, is them. Outcomes:
-- invited, email_taken, invalid, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.invite_staff(
    p_org_id          uuid,
    p_email           text,
    p_name            text,
    p_role            text,
    p_actor           text,
    p_idempotency_key text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_hash   text := md5(jsonb_build_array('staff', p_email, p_name, p_role)::text);
    v_made   jsonb;
    v_answer jsonb;
    v_rule   text;
BEGIN
    PERFORM act_for(p_org_id);
    v_answer := stored_answer(p_org_id, p_idempotency_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    BEGIN
        v_made := put_staff(p_org_id, p_email, p_name, p_role, p_actor);
    EXCEPTION WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
        RETURN invalid_answer(v_rule);
    END;
    IF v_made IS NULL THEN
        RETURN '{"outcome": "email_taken"}';
    END IF;
    v_answer := jsonb_build_object('outcome', 'invited', 'staff', (
        SELECT staff_json(s) FROM staff s WHERE s.org_id = p_org_id AND s.id = (v_made ->> 'staff_id')::uuid));
    PERFORM keep_answer(p_org_id, p_idempotency_key, v_hash, v_answer);
    RETURN v_answer || jsonb_build_object('outbox', v_made -> 'outbox');
END
$$;
