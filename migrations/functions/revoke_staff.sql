-- Take somebody's access to a clinic's board away: the operator's way, who may also revoke the last admin.
-- Outcomes: revoked, unknown_staff (nobody has access with this address).
CREATE OR REPLACE FUNCTION frontdesk.revoke_staff(p_org_id uuid, p_email text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_outbox jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    v_outbox := end_staff(p_org_id, (SELECT s.id FROM staff s WHERE s.org_id = p_org_id AND s.email = lower(btrim(p_email))), 'operator');
    IF v_outbox IS NULL THEN
        RETURN '{"outcome": "unknown_staff"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'revoked', 'outbox', v_outbox);
END
$$;
