-- Invite somebody, or invite again who was revoked: the person's id and the outbox rows, or null where the address
-- is somebody's who works there already. They have access from their first sign-in with this address on.
CREATE OR REPLACE FUNCTION frontdesk.put_staff(p_org_id uuid, p_email text, p_name text, p_role text, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_id uuid;
BEGIN
    INSERT INTO frontdesk.staff AS s (org_id, id, email, name, role)
    VALUES (p_org_id, frontdesk.new_id(), lower(btrim(p_email)), btrim(p_name), p_role)
    ON CONFLICT (org_id, email) DO UPDATE
        SET name = excluded.name, role = excluded.role, revoked_at = NULL, created_at = now(), last_seen_at = NULL
        WHERE s.revoked_at IS NOT NULL
    RETURNING s.id INTO v_id;
    IF v_id IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object('staff_id', v_id, 'outbox', frontdesk.record_change(
        p_org_id, 'staff.invited', NULL, NULL, NULL, 1, NULL, p_actor,
        jsonb_build_object('staff_id', v_id, 'role', p_role), '{notify}'));
END
$$;
