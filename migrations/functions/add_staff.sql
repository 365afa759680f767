-- Let somebody into a clinic's board: the operator's way, for its first admin. Outcomes: added (they sign in with this address), email_taken, invalid.
CREATE OR REPLACE FUNCTION frontdesk.add_staff(p_org_id uuid, p_email text, p_name text, p_role text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_made jsonb;
    v_rule text;
BEGIN
    PERFORM act_for(p_org_id);
    BEGIN
        v_made := put_staff(p_org_id, p_email, p_name, p_role, 'operator');
    EXCEPTION WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
        RETURN invalid_answer(v_rule);
    END;
    IF v_made IS NULL THEN
        RETURN '{"outcome": "email_taken"}';
    END IF;
    RETURN v_made || '{"outcome": "added"}';
END
$$;
