-- All an operator may see and set of one clinic. Of its secrets only that they are there, and since when.
CREATE OR REPLACE FUNCTION frontdesk.org_settings(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org orgs := act_for(p_org_id);
BEGIN
    RETURN jsonb_build_object(
        'org', to_jsonb(v_org),
        'providers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id, 'name', p.name, 'active', p.active,
                'hours', (SELECT coalesce(jsonb_agg(jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes)
                                                    ORDER BY h.weekday, h.opens), '[]')
                          FROM weekly_hours h WHERE h.org_id = p.org_id AND h.provider_id = p.id),
                'services', (SELECT coalesce(jsonb_agg(s.name ORDER BY s.name), '[]')
                             FROM provider_services ps JOIN services s ON s.org_id = ps.org_id AND s.id = ps.service_id
                             WHERE ps.org_id = p.org_id AND ps.provider_id = p.id)) ORDER BY p.name), '[]')
            FROM providers p WHERE p.org_id = p_org_id),
        'services', (SELECT coalesce(jsonb_agg(service_json(s) ORDER BY s.name), '[]') FROM services s WHERE s.org_id = p_org_id),
        'numbers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', n.id, 'phone_number_id', n.phone_number_id, 'number', n.number,
                                                         'assistant_id', n.assistant_id) ORDER BY n.id), '[]')
            FROM vapi_numbers n WHERE n.org_id = p_org_id),
        'closures', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'provider', p.name, 'starts_at', lower(c.during),
                                                         'ends_at', upper(c.during), 'reason', c.reason) ORDER BY c.during), '[]')
            FROM closures c LEFT JOIN providers p ON p.org_id = c.org_id AND p.id = c.provider_id
            WHERE c.org_id = p_org_id AND (upper_inf(c.during) OR upper(c.during) > now())),
        'credentials', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('purpose', k.purpose, 'version', k.version, 'key_id', k.key_id,
                                                         'created_at', k.created_at, 'retired_at', k.retired_at)
                                      ORDER BY k.purpose, k.version DESC), '[]')
            FROM credentials k WHERE k.org_id = p_org_id),
        'texts_waiting', (SELECT count(*) FROM sms_messages m
                          WHERE m.org_id = p_org_id AND m.state IN ('queued', 'claimed', 'unknown', 'retry')));
END
$$;
