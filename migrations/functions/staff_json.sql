-- Somebody who works here, or did, as the staff's board lists them.
CREATE OR REPLACE FUNCTION frontdesk.staff_json(p_staff frontdesk.staff) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_staff.id, 'email', p_staff.email, 'name', p_staff.name, 'role', p_staff.role,
        'state', CASE WHEN p_staff.revoked_at IS NOT NULL THEN 'revoked' WHEN p_staff.subject IS NULL THEN 'invited' ELSE 'active' END,
        'last_seen_at', p_staff.last_seen_at, 'created_at', p_staff.created_at, 'revoked_at', p_staff.revoked_at)
$$;
