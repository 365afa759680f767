-- Who works here, by name; those whose access was taken away come last: {"items": [...]}.
CREATE OR REPLACE FUNCTION frontdesk.list_staff(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN (SELECT jsonb_build_object('items', coalesce(jsonb_agg(staff_json(s) ORDER BY s.revoked_at IS NOT NULL, s.name, s.id), '[]'))
            FROM staff s WHERE s.org_id = p_org_id);
END
$$;
