-- Take somebody's access to the board away (end_staff); an admin's way, who cannot take the last admin's. Outcomes:
-- revoked, not_found (also where they have none), last_admin.
CREATE OR REPLACE FUNCTION frontdesk.revoke_staff_member(p_org_id uuid, p_staff_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_outbox jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    IF is_last_admin(p_org_id, p_staff_id) THEN
        RETURN '{"outcome": "last_admin"}';
    END IF;
    v_outbox := end_staff(p_org_id, p_staff_id, p_actor);
    IF v_outbox IS NULL THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'revoked', 'outbox', v_outbox,
        'staff', (SELECT staff_json(s) FROM staff s WHERE s.org_id = p_org_id AND s.id = p_staff_id));
END
$$;
