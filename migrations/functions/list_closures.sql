-- The closures that are not over before p_from (now, where it is not given) and begin before p_until: {"items": [...]}.
CREATE OR REPLACE FUNCTION frontdesk.list_closures(p_org_id uuid, p_from timestamptz DEFAULT NULL, p_until timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN (SELECT jsonb_build_object('items', coalesce(jsonb_agg(closure_json(c) ORDER BY lower(c.during) NULLS FIRST, c.id), '[]'))
            FROM closures c WHERE c.org_id = p_org_id AND c.during && tstzrange(coalesce(p_from, now()), p_until));
END
$$;
