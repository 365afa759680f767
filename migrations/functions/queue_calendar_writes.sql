-- Queue a write for every appointment whose event in Google is not what it should be: after a calendar was
-- assigned or given up, and when the clinic was connected again. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.queue_calendar_writes(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_outbox jsonb;
BEGIN
    WITH wanted AS (
        SELECT a.id, a.version
        FROM frontdesk.calendars c
        JOIN frontdesk.appointments a ON a.org_id = c.org_id AND a.provider_id = c.provider_id
            AND a.starts_at > now() - interval '8 hours' AND a.ends_at > now()   -- no visit is longer
            AND a.status IN ('pending', 'confirmed', 'arrived')
        LEFT JOIN frontdesk.calendar_events e ON e.org_id = a.org_id AND e.appointment_id = a.id AND e.calendar_id = c.id
        WHERE c.org_id = p_org_id AND c.status IN ('syncing', 'live')
          AND (e.state IS DISTINCT FROM 'live' OR e.written_version IS DISTINCT FROM a.version)
        UNION
        SELECT a.id, a.version
        FROM frontdesk.calendar_events e
        JOIN frontdesk.appointments a ON a.org_id = e.org_id AND a.id = e.appointment_id
        JOIN frontdesk.calendars c ON c.org_id = e.org_id AND c.id = e.calendar_id
        WHERE e.org_id = p_org_id AND e.state <> 'deleted' AND e.attempts + e.writes > 0
          AND (a.status = 'cancelled' OR a.erased_at IS NOT NULL OR c.provider_id IS DISTINCT FROM a.provider_id)
    ), rows AS (
        INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq)
        SELECT p_org_id, 'calendar', 'calendar.write_again', id, version, 0 FROM wanted
        RETURNING id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'queue', 'calendar') ORDER BY id), '[]') INTO v_outbox FROM rows;
    RETURN v_outbox;
END
$$;
