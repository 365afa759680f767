-- Our event is gone from Google, and we did not delete it: the provider cancels the visit. The patient is told as of
-- every cancelling, and the front desk is asked to offer another time.
--
-- Put back instead: where the visit has a newer time than Google knew (somebody here changed it, and the patient was
-- told), and where p_hold says why: many_deleted (so many at once that it looks like an accident), lost (nobody
-- deleted it, it just is not there). Of a visit that began or ended the deletion is noted only.
-- p_known_writes: as for take_over_calendar_move; null for the writer, which holds the event's lease itself.
-- Outcomes: cancelled, put_back, noted, again, unknown.
CREATE OR REPLACE FUNCTION frontdesk.appointment_deleted_in_google(
    p_org_id          uuid,
    p_appointment_id  uuid,
    p_calendar_id     uuid,
    p_google_event_id text,
    p_known_writes    integer DEFAULT NULL,
    p_hold            text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_visit  appointments;
    v_event  calendar_events;
    v_home   uuid;
    v_told   jsonb;
    v_outbox jsonb;
BEGIN
    v_org := act_for(p_org_id);
    v_visit := lock_visit(p_org_id, p_appointment_id);
    SELECT * INTO v_event FROM calendar_events e
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id
      AND e.google_event_id = p_google_event_id FOR UPDATE;
    IF v_visit.id IS NULL OR v_event.calendar_id IS NULL THEN
        RETURN '{"outcome": "unknown", "outbox": []}';
    ELSIF p_known_writes IS NOT NULL AND (v_event.lease_until > clock_timestamp() OR v_event.writes <> p_known_writes) THEN
        RETURN '{"outcome": "again", "outbox": []}';
    ELSIF v_event.state = 'deleted' THEN
        RETURN '{"outcome": "noted", "outbox": []}';   -- told before
    END IF;
    SELECT c.id INTO v_home FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id = v_visit.provider_id;
    UPDATE calendar_events e SET state = 'deleted', etag = NULL, next_at = NULL, updated_at = now()
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id;

    IF v_visit.status NOT IN ('pending', 'confirmed', 'arrived') OR v_visit.starts_at <= now() OR v_home IS DISTINCT FROM p_calendar_id THEN
        RETURN '{"outcome": "noted", "outbox": []}';
    ELSIF p_hold IS NOT NULL OR v_visit.time_version > coalesce(v_event.written_version, 0) THEN
        RETURN jsonb_build_object('outcome', 'put_back', 'outbox',
            put_back_event(v_org, v_visit, p_calendar_id, coalesce(p_hold, 'changed_here'), NULL));
    END IF;
    v_told := cancel_appointment_atomic(p_org_id, p_appointment_id, p_reason => 'deleted in the provider''s calendar',
        p_expected_version => v_visit.version, p_source => 'calendar', p_actor => 'calendar');
    UPDATE calendar_events e SET written_version = v_visit.version + 1
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id;
    v_outbox := calendar_follow_up(v_org, v_visit, 'deleted:' || p_appointment_id || ':' || v_visit.version,
        '{provider} deleted the visit on {time} in Google Calendar. It is cancelled and the patient was texted: please call and offer another time.',
        'cancelled_by_provider');
    RETURN jsonb_build_object('outcome', 'cancelled', 'outbox', coalesce(v_told -> 'outbox', '[]') || v_outbox);
END
$$;
