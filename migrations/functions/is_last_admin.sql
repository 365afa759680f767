-- Whether nobody could let people in or out of the board any more without this person. Locks all admins, in order:
-- of two who revoke each other one is refused.
CREATE OR REPLACE FUNCTION frontdesk.is_last_admin(p_org_id uuid, p_staff_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_admins uuid[];
BEGIN
    SELECT array_agg(a.id) INTO v_admins
    FROM (SELECT s.id FROM frontdesk.staff s
          WHERE s.org_id = p_org_id AND s.role = 'admin' AND s.revoked_at IS NULL ORDER BY s.id FOR NO KEY UPDATE) AS a;
    RETURN v_admins = ARRAY[p_staff_id];
END
$$;
