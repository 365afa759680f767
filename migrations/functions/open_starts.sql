-- Every start on the clinic's grid at which someone is free, in a window, one row a start and provider.
-- The window is cut to what may be booked at all (notice, horizon).
CREATE OR REPLACE FUNCTION frontdesk.open_starts(
    p_org          frontdesk.orgs,
    p_service      frontdesk.services,
    p_provider_ids uuid[],
    p_length       interval,
    p_from         timestamptz,
    p_until        timestamptz,
    p_ignore       uuid
) RETURNS TABLE (starts_at timestamptz, provider_id uuid, provider_name text)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_from  timestamptz := greatest(p_from, now() + make_interval(mins => p_org.minimum_notice_minutes));
    v_until timestamptz := least(p_until, now() + make_interval(days => p_org.booking_horizon_days));
BEGIN
    IF v_until < v_from THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT start, p.id, p.name
    FROM frontdesk.providers p
    JOIN frontdesk.provider_services ps ON ps.org_id = p.org_id AND ps.provider_id = p.id AND ps.service_id = p_service.id
    CROSS JOIN LATERAL frontdesk.grid_starts(
        frontdesk.free_starts(
            p_org.id, p_org.time_zone, p.id, p_length,
            make_interval(mins => p_service.buffer_before_minutes), make_interval(mins => p_service.buffer_after_minutes),
            v_from, v_until, p_ignore),
        p_org.time_zone, p_org.slot_grid_minutes) AS start
    WHERE p.org_id = p_org.id AND p.active
      AND (p_provider_ids IS NULL OR p.id = ANY (p_provider_ids));
END
$$;
