-- The answer when the provider asked for is not known, or (p_provider_id given) does not offer the service:
-- who does offer it, so that the agent can say so.
CREATE OR REPLACE FUNCTION frontdesk.unknown_provider(p_org_id uuid, p_service frontdesk.services, p_provider_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN jsonb_build_object(
        'outcome', 'unknown_provider',
        'reason', CASE WHEN p_provider_id IS NULL THEN 'not_found' ELSE 'does_not_offer' END,
        'service_name', p_service.name,
        'providers', coalesce((
            SELECT jsonb_agg(p.name ORDER BY p.name)
            FROM frontdesk.providers p
            JOIN frontdesk.provider_services ps ON ps.org_id = p.org_id AND ps.provider_id = p.id AND ps.service_id = p_service.id
            WHERE p.org_id = p_org_id AND p.active), '[]'));
END
$$;
