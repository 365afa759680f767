-- A provider with what they offer and when, as the staff's board shows and sets it.
CREATE OR REPLACE FUNCTION frontdesk.provider_json(p_provider frontdesk.providers) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_provider.id, 'version', p_provider.version, 'name', p_provider.name, 'active', p_provider.active,
        'service_ids', (SELECT coalesce(jsonb_agg(ps.service_id ORDER BY ps.service_id), '[]') FROM frontdesk.provider_services ps
                        WHERE ps.org_id = p_provider.org_id AND ps.provider_id = p_provider.id),
        'hours', (SELECT coalesce(jsonb_agg(jsonb_build_object('weekday', h.weekday, 'opens', left(h.opens::text, 5), 'closes', left(h.closes::text, 5))
                                            ORDER BY h.weekday, h.opens), '[]')
                  FROM frontdesk.weekly_hours h WHERE h.org_id = p_provider.org_id AND h.provider_id = p_provider.id))
$$;
