-- All providers, also those who no longer work here, by name: {"items": [...]}; one of them with p_provider_id.
CREATE OR REPLACE FUNCTION frontdesk.list_providers(p_org_id uuid, p_provider_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN (SELECT jsonb_build_object('items', coalesce(jsonb_agg(provider_json(p) ORDER BY p.name, p.id), '[]'))
            FROM providers p WHERE p.org_id = p_org_id AND (p_provider_id IS NULL OR p.id = p_provider_id));
END
$$;
