-- Take an appointment's events in Google for one attempt, committed before Google is called: the appointment as it
-- is now, and for each calendar that matters what is wanted there. Latest state wins, whatever the message said.
--
-- One writer at a time for an appointment (lease, 90 s). A writer that dies is followed by dispatch, which looks
-- at next_at; that it may have got as far as Google does no harm, since the event's id is ours.
CREATE OR REPLACE FUNCTION frontdesk.claim_calendar_write(
    p_org_id         uuid,
    p_appointment_id uuid,
    p_wait           boolean DEFAULT false     -- come back after whoever is writing now
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_link   google_connections;
    v_visit  appointments;
    v_home   calendars;
    v_event  calendar_events;
    v_wanted text;
    v_until  timestamptz;
    v_lease  uuid := gen_random_uuid();
    v_writes jsonb := '[]';
BEGIN
    v_org := act_for(p_org_id);
    SELECT g.* INTO v_link FROM google_connections g WHERE g.org_id = p_org_id;
    IF v_link.status IS DISTINCT FROM 'connected' THEN
        RETURN jsonb_build_object('claimed', false,
            'reason', CASE v_link.status WHEN 'reconnect_required' THEN 'paused' ELSE 'not_connected' END);
    END IF;
    -- The appointment's row before its events', as everybody does who changes both; then read what is there now.
    PERFORM FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN '{"claimed": false, "reason": "unknown_appointment"}';
    END IF;
    PERFORM FROM calendar_events e WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id
    ORDER BY e.calendar_id FOR UPDATE;
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    SELECT c.* INTO v_home FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id = v_visit.provider_id;
    IF v_home.id IS NOT NULL AND calendar_event_wanted(v_visit, v_home.id, NULL) = 'live' THEN
        INSERT INTO calendar_events (org_id, appointment_id, calendar_id, google_event_id)
        VALUES (p_org_id, p_appointment_id, v_home.id, calendar_event_id(p_appointment_id, v_home.id, 1))
        ON CONFLICT (org_id, appointment_id, calendar_id) DO NOTHING;
    END IF;
    SELECT max(e.lease_until) INTO v_until FROM calendar_events e
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.lease_until > clock_timestamp();
    IF v_until IS NOT NULL THEN
        IF p_wait THEN
            -- Whoever writes now looks again when the appointment has moved on; it has not, so come back after.
            INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
            VALUES (p_org_id, 'calendar', 'calendar.write_again', p_appointment_id, v_visit.version, 0, v_until);
        END IF;
        RETURN '{"claimed": false, "reason": "claimed"}';
    ELSIF v_link.quiet_until > now() THEN
        UPDATE calendar_events e SET next_at = v_link.quiet_until + random() * interval '20 seconds', last_error_code = 'quota'
        WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.state <> 'deleted'
          AND (e.state <> 'live' OR e.written_version IS DISTINCT FROM v_visit.version OR e.calendar_id IS DISTINCT FROM v_home.id);
        RETURN '{"claimed": false, "reason": "quiet"}';
    END IF;

    FOR v_event IN SELECT e.* FROM calendar_events e WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id
                   ORDER BY e.calendar_id LOOP
        v_wanted := calendar_event_wanted(v_visit, v_home.id, v_event);
        IF v_wanted = 'absent' AND v_event.attempts + v_event.writes = 0 THEN
            -- Never tried, so nothing of it is in Google.
            UPDATE calendar_events e SET state = 'deleted', next_at = NULL, updated_at = now()
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id;
            CONTINUE;
        ELSIF v_wanted = 'live' AND v_home.status IN ('gone', 'forbidden') THEN
            UPDATE calendar_events e SET state = 'failed', last_error_code = 'calendar_' || v_home.status, next_at = NULL, updated_at = now()
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id;
            CONTINUE;
        ELSIF v_wanted = 'nothing' OR (v_wanted = 'live' AND v_event.state = 'live' AND v_event.written_version = v_visit.version) THEN
            UPDATE calendar_events e SET next_at = NULL
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id
              AND e.next_at IS NOT NULL;
            CONTINUE;
        END IF;
        UPDATE calendar_events e
        SET lease = v_lease, lease_until = clock_timestamp() + interval '90 seconds',
            next_at = clock_timestamp() + interval '95 seconds', attempts = e.attempts + 1,
            -- A deleted id can never be inserted again.
            generation = e.generation + (CASE WHEN v_wanted = 'live' AND e.state = 'deleted' THEN 1 ELSE 0 END),
            state = CASE WHEN v_wanted = 'live' AND e.state <> 'live' THEN 'wanted' ELSE e.state END,
            updated_at = now()
        WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id;
        IF v_wanted = 'live' AND v_event.state = 'deleted' THEN
            UPDATE calendar_events e
            SET google_event_id = calendar_event_id(p_appointment_id, e.calendar_id, e.generation),
                etag = NULL, written_version = NULL, written_starts_at = NULL, written_ends_at = NULL
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id;
        END IF;
        v_writes := v_writes || (
            SELECT jsonb_build_object('calendar_id', e.calendar_id, 'google_calendar_id', c.google_calendar_id,
                'google_event_id', e.google_event_id, 'wanted', v_wanted, 'etag', e.etag, 'attempts', e.attempts,
                'written_version', e.written_version, 'written_starts_at', e.written_starts_at, 'written_ends_at', e.written_ends_at)
            FROM calendar_events e JOIN calendars c ON c.org_id = e.org_id AND c.id = e.calendar_id
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = v_event.calendar_id);
    END LOOP;
    IF v_writes = '[]' THEN
        RETURN '{"claimed": false, "reason": "done"}';
    END IF;
    RETURN jsonb_build_object('claimed', true, 'lease', v_lease, 'writes', v_writes,
        'org', jsonb_build_object('id', v_org.id, 'time_zone', v_org.time_zone, 'language', v_org.language,
                                  'calendar_detail', v_org.calendar_detail),
        'appointment', appointment_json(p_org_id, p_appointment_id));
END
$$;
