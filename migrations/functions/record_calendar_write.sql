-- Write down what became of one write to Google. A compare-and-swap on the lease: what a writer reports that was
-- too slow, and was followed by another, changes nothing.
--
-- p_result: written           Google has the event as the appointment was at p_version (p_etag, p_starts_at, p_ends_at)
--           deleted           Google has no event (any more)
--           retry, quota      not done; try again in p_retry_seconds, after a quota nothing of this clinic before then
--           paced             put off before Google was called: as retry, but no attempt
--           next_generation   the id is taken, by a deleted event or somebody else's: the next one, at once
--           conflict          the provider changed it meanwhile: the calendar is read, and its rule decides
--           permanent         never as it is
--           gone, forbidden   the whole calendar is no longer there, or no longer ours to write
--           paused            the connection ended meanwhile
-- `again` tells that there is something to do at once: the appointment moved on, or a new id was given out.
CREATE OR REPLACE FUNCTION frontdesk.record_calendar_write(
    p_org_id         uuid,
    p_appointment_id uuid,
    p_calendar_id    uuid,
    p_lease          uuid,
    p_result         text,
    p_version        integer,
    p_etag           text DEFAULT NULL,
    p_starts_at      timestamptz DEFAULT NULL,
    p_ends_at        timestamptz DEFAULT NULL,
    p_error_code     text DEFAULT NULL,
    p_retry_seconds  integer DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_event  calendar_events;
    v_visit  appointments;
    v_again  boolean;
    v_next   timestamptz := CASE
        WHEN p_result IN ('retry', 'quota', 'paced') THEN clock_timestamp() + make_interval(secs => coalesce(p_retry_seconds, 60))
        -- A net: should the calendar's rule find nothing to do.
        WHEN p_result = 'conflict' THEN clock_timestamp() + interval '10 minutes' END;
    v_outbox jsonb := '[]';
BEGIN
    IF p_result IS NULL OR p_result NOT IN ('written', 'deleted', 'retry', 'quota', 'paced', 'next_generation', 'conflict', 'permanent', 'gone',
                                            'forbidden', 'paused')
        OR (p_result = 'written' AND (p_etag IS NULL OR p_starts_at IS NULL OR p_ends_at IS NULL)) THEN
        RAISE EXCEPTION 'unknown result %, or written without what was written', p_result USING ERRCODE = '22023';
    END IF;
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT e.* INTO v_event FROM calendar_events e
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id FOR UPDATE;
    IF NOT FOUND OR v_event.lease IS DISTINCT FROM p_lease THEN
        RETURN '{"recorded": false, "again": false, "outbox": []}';
    END IF;
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    v_again := p_result = 'next_generation' OR (p_result IN ('written', 'deleted') AND v_visit.version IS DISTINCT FROM p_version);
    IF v_again THEN
        v_next := clock_timestamp() + interval '30 seconds';   -- should the writer die before it looks again
    END IF;
    UPDATE calendar_events e
    SET state = CASE p_result WHEN 'written' THEN 'live' WHEN 'deleted' THEN 'deleted' WHEN 'permanent' THEN 'failed'
                              WHEN 'gone' THEN 'failed' WHEN 'forbidden' THEN 'failed' ELSE e.state END,
        etag = CASE p_result WHEN 'written' THEN p_etag WHEN 'deleted' THEN NULL WHEN 'next_generation' THEN NULL ELSE e.etag END,
        written_version = CASE p_result WHEN 'written' THEN p_version WHEN 'deleted' THEN NULL WHEN 'next_generation' THEN NULL
                                        ELSE e.written_version END,
        written_starts_at = CASE p_result WHEN 'written' THEN p_starts_at WHEN 'deleted' THEN NULL WHEN 'next_generation' THEN NULL
                                          ELSE e.written_starts_at END,
        written_ends_at = CASE p_result WHEN 'written' THEN p_ends_at WHEN 'deleted' THEN NULL WHEN 'next_generation' THEN NULL
                                        ELSE e.written_ends_at END,
        writes = e.writes + (p_result IN ('written', 'deleted'))::integer,
        attempts = CASE WHEN p_result IN ('written', 'deleted') THEN 0 WHEN p_result = 'paced' THEN e.attempts - 1 ELSE e.attempts END,
        generation = e.generation + (p_result = 'next_generation')::integer,
        google_event_id = CASE WHEN p_result = 'next_generation'
            THEN calendar_event_id(p_appointment_id, p_calendar_id, e.generation + 1) ELSE e.google_event_id END,
        last_error_code = CASE WHEN p_result NOT IN ('written', 'deleted') THEN left(coalesce(p_error_code, p_result), 80) END,
        lease = NULL, lease_until = NULL, next_at = v_next, updated_at = now()
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id;

    IF p_result = 'quota' THEN
        UPDATE google_connections g SET quiet_until = greatest(g.quiet_until, v_next) WHERE g.org_id = p_org_id;
    ELSIF p_result = 'conflict' THEN
        WITH sync AS (
            INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)
            VALUES (p_org_id, 'calendar', 'calendar.sync', p_calendar_id, 0, 0) RETURNING id)
        SELECT jsonb_agg(jsonb_build_object('id', id, 'queue', 'calendar')) INTO v_outbox FROM sync;
    ELSIF p_result IN ('gone', 'forbidden') THEN
        v_outbox := calendar_status_changed(p_org_id, p_calendar_id, p_result, p_error_code);
    ELSIF p_result IN ('written', 'deleted') THEN
        v_outbox := record_change(p_org_id, 'calendar.event_written', p_appointment_id, NULL, v_visit.contact_id, v_visit.version,
            NULL, 'system', jsonb_build_object('calendar_id', p_calendar_id, 'state', CASE p_result WHEN 'written' THEN 'live' ELSE 'deleted' END),
            '{notify}');
    ELSIF p_result = 'permanent' THEN
        v_outbox := record_change(p_org_id, 'calendar.event_failed', p_appointment_id, NULL, v_visit.contact_id, v_visit.version,
            NULL, 'system', jsonb_build_object('calendar_id', p_calendar_id, 'error_code', left(p_error_code, 80)), '{notify}');
    END IF;
    IF p_result IN ('deleted', 'permanent', 'gone', 'forbidden') THEN
        PERFORM forget_left_calendar(p_org_id, p_calendar_id);
    END IF;
    RETURN jsonb_build_object('recorded', true, 'outbox', v_outbox, 'again', v_again);
END
$$;
