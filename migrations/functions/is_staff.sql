-- Whether this id is somebody who works here now; null is nobody in particular, and passes.
CREATE OR REPLACE FUNCTION frontdesk.is_staff(p_org_id uuid, p_staff_id uuid) RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT p_staff_id IS NULL
        OR EXISTS (SELECT FROM frontdesk.staff s WHERE s.org_id = p_org_id AND s.id = p_staff_id AND s.revoked_at IS NULL)
$$;
