-- Queue what is due with Google, of all clinics that are connected: calendars to poll (every 15 minutes, whatever the
-- notifications say; one that is gone or forbidden once a day), with the poll a watch channel to make or renew and, with
-- the first after three by the clinic's clock, the nightly comparison; and writes to try again.
--
-- The next time is set here and set again by the worker: what is lost on the way comes again by itself.
CREATE OR REPLACE FUNCTION frontdesk.queue_due_calendar_work(p_limit integer DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_read  integer;
    v_write integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH due AS (
        SELECT c.org_id, c.id, c.status,
               (now() AT TIME ZONE o.time_zone - interval '3 hours')::date
                   > (coalesce(c.compared_at, c.created_at) AT TIME ZONE o.time_zone - interval '3 hours')::date AS compare
        FROM calendars c
        JOIN google_connections g ON g.org_id = c.org_id AND g.status = 'connected' AND coalesce(g.quiet_until <= now(), true)
        JOIN orgs o ON o.id = c.org_id
        WHERE c.next_poll_at <= now() OR c.sync_lease_until <= now()
        ORDER BY c.next_poll_at
        LIMIT p_limit
        FOR UPDATE OF c SKIP LOCKED
    ), moved AS (
        UPDATE calendars c
        SET next_poll_at = now() + CASE WHEN due.status IN ('gone', 'forbidden') THEN interval '1 day' ELSE interval '15 minutes' END,
            sync_lease_until = CASE WHEN c.sync_lease_until > now() THEN c.sync_lease_until END,   -- whoever had it died
            compared_at = CASE WHEN due.compare AND due.status = 'live' THEN now() ELSE c.compared_at END
        FROM due WHERE c.org_id = due.org_id AND c.id = due.id
        RETURNING c.org_id, c.id, due.compare, due.status
    ), wanted AS (
        SELECT m.org_id, 'calendar.sync' AS kind, m.id FROM moved m
        UNION ALL
        SELECT m.org_id, 'calendar.compare', m.id FROM moved m WHERE m.compare AND m.status = 'live'
        UNION ALL
        SELECT m.org_id, 'calendar.watch', m.id FROM moved m
        WHERE m.status NOT IN ('gone', 'forbidden') AND NOT EXISTS (
            SELECT FROM watch_channels w
            WHERE w.org_id = m.org_id AND w.calendar_id = m.id AND w.state = 'active' AND w.renew_at > now())
    )
    INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)   -- no event: nothing happened yet
    SELECT w.org_id, 'calendar', w.kind, w.id, 0, 0
    FROM wanted w
    WHERE NOT EXISTS (
        SELECT FROM outbox x
        WHERE x.org_id = w.org_id AND x.queue = 'calendar' AND x.kind = w.kind AND x.aggregate_id = w.id
          AND x.sent_at IS NULL AND x.dead_at IS NULL);
    GET DIAGNOSTICS v_read = ROW_COUNT;

    WITH due AS (
        SELECT e.org_id, e.appointment_id, e.calendar_id
        FROM calendar_events e
        JOIN google_connections g ON g.org_id = e.org_id AND g.status = 'connected' AND coalesce(g.quiet_until <= now(), true)
        WHERE e.next_at <= now()
        ORDER BY e.next_at
        LIMIT p_limit
        FOR UPDATE OF e SKIP LOCKED
    ), woken AS (
        UPDATE calendar_events e SET next_at = now() + interval '5 minutes'   -- should this turn be lost
        FROM due WHERE e.org_id = due.org_id AND e.appointment_id = due.appointment_id AND e.calendar_id = due.calendar_id
        RETURNING e.org_id, e.appointment_id
    )
    INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)
    SELECT DISTINCT w.org_id, 'calendar', 'calendar.write_again', w.appointment_id, 0, 0 FROM woken w;
    GET DIAGNOSTICS v_write = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_read + v_write);
END
$$;
