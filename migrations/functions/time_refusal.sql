-- Why nobody may book this start, whoever is free: in_past, too_soon, too_far, off_grid; null when nothing forbids it.
CREATE OR REPLACE FUNCTION frontdesk.time_refusal(p_org frontdesk.orgs, p_starts_at timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN CASE
        WHEN p_starts_at <= now() THEN 'in_past'
        WHEN p_starts_at < now() + make_interval(mins => p_org.minimum_notice_minutes) THEN 'too_soon'
        WHEN p_starts_at > now() + make_interval(days => p_org.booking_horizon_days) THEN 'too_far'
        WHEN mod(extract(epoch FROM p_starts_at AT TIME ZONE p_org.time_zone), p_org.slot_grid_minutes * 60) <> 0 THEN 'off_grid'
    END;
END
$$;
