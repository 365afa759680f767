-- All services, also those no longer offered, by name: {"items": [...]}.
CREATE OR REPLACE FUNCTION frontdesk.list_services(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN (SELECT jsonb_build_object('items', coalesce(jsonb_agg(service_json(s) || jsonb_build_object('version', s.version) ORDER BY s.name, s.id), '[]'))
            FROM services s WHERE s.org_id = p_org_id);
END
$$;
