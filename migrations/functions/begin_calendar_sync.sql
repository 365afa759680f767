-- Begin to read a calendar, unless somebody reads it now: compare-and-swap on the lease, so it may be repeated.
-- Outcomes: begun; busy (the one who reads will look once more: its pushes count is out of date now); paused (the
-- clinic is not connected); unknown_calendar.
--
-- A reader that dies leaves a lease that ran out, and dispatch queues the reading again.
CREATE OR REPLACE FUNCTION frontdesk.begin_calendar_sync(p_org_id uuid, p_calendar_id uuid, p_lease uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org      orgs;
    v_calendar calendars;
    v_today    timestamptz := date_trunc('second', now());
BEGIN
    v_org := act_for(p_org_id);
    SELECT * INTO v_calendar FROM calendars c WHERE c.org_id = p_org_id AND c.id = p_calendar_id FOR UPDATE;
    IF v_calendar.provider_id IS NULL THEN   -- none of that id, or one that is being left
        RETURN '{"outcome": "unknown_calendar"}';
    ELSIF NOT EXISTS (SELECT FROM google_connections g WHERE g.org_id = p_org_id AND g.status = 'connected') THEN
        RETURN '{"outcome": "paused"}';
    ELSIF v_calendar.sync_lease <> p_lease AND v_calendar.sync_lease_until > now() THEN
        UPDATE calendars c SET pushes = c.pushes + 1 WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
        RETURN '{"outcome": "busy"}';
    END IF;
    UPDATE calendars c
    SET sync_lease = p_lease, sync_lease_until = now() + interval '90 seconds'
    WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
    RETURN jsonb_build_object(
        'outcome', 'begun', 'google_calendar_id', v_calendar.google_calendar_id, 'sync_token', v_calendar.sync_token,
        'time_zone', coalesce(v_calendar.time_zone, v_org.time_zone), 'pushes', v_calendar.pushes,
        -- What lies outside cannot be booked. A week beyond the horizon: blocks enter it as days go by, and the
        -- nightly comparison, which reads them, may fail for a few nights.
        'from', v_today - interval '1 day',
        'until', v_today + make_interval(days => v_org.booking_horizon_days + 7));
END
$$;
