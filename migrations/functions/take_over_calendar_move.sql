-- The provider changed our event in Google: take the new time over where it is free under the rules, else put ours
-- back. The rule of who wins, in one place, under the locks of a booking (docs/calendar.md).
--
-- p_starts_at, p_ends_at, p_etag, p_rev: the event as Google has it now (null times: an all-day event; p_rev: the
-- version our own write left in it). p_known_etag, p_known_writes: what changed_calendar_events said before Google was
-- asked. Where these are no longer so, or a writer is at work, what was read may be older than our own last write:
-- again, and nothing is done.
--
-- Outcomes: rescheduled (as reschedule_appointment_atomic; the patient is told), put_back (the staff are told),
-- agreed, noted (a visit that began, or is over), removed (of a visit that is not here any more), again, unknown.
CREATE OR REPLACE FUNCTION frontdesk.take_over_calendar_move(
    p_org_id          uuid,
    p_appointment_id  uuid,
    p_calendar_id     uuid,
    p_google_event_id text,
    p_starts_at       timestamptz,
    p_ends_at         timestamptz,
    p_etag            text,
    p_rev             integer,
    p_known_etag      text,
    p_known_writes    integer
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
    v_reason text;
    v_told   jsonb;
BEGIN
    v_org := act_for(p_org_id);
    v_visit := lock_visit(p_org_id, p_appointment_id);
    SELECT * INTO v_event FROM calendar_events e
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id
      AND e.google_event_id = p_google_event_id FOR UPDATE;
    IF v_visit.id IS NULL OR v_event.calendar_id IS NULL THEN
        RETURN '{"outcome": "unknown", "outbox": []}';
    ELSIF v_event.lease_until > clock_timestamp() OR v_event.etag IS DISTINCT FROM p_known_etag OR v_event.writes <> p_known_writes THEN
        RETURN '{"outcome": "again", "outbox": []}';
    END IF;
    SELECT c.id INTO v_home FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id = v_visit.provider_id;
    -- From here on this is what we know Google to have: a write with this etag overwrites nothing unseen.
    UPDATE calendar_events e
    SET etag = p_etag, written_starts_at = p_starts_at, written_ends_at = p_ends_at, state = 'live', updated_at = now()
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id;

    IF v_visit.status = 'cancelled' OR v_home IS DISTINCT FROM p_calendar_id THEN
        RETURN jsonb_build_object('outcome', 'removed', 'outbox', write_again(p_org_id, p_appointment_id, p_calendar_id));
    ELSIF v_visit.status NOT IN ('pending', 'confirmed', 'arrived') OR v_visit.starts_at <= now() THEN
        RETURN '{"outcome": "noted", "outbox": []}';
    ELSIF v_visit.starts_at = p_starts_at AND v_visit.ends_at = p_ends_at THEN
        RETURN jsonb_build_object('outcome', 'agreed', 'outbox',
            CASE WHEN v_event.written_version = v_visit.version THEN '[]'
                 ELSE write_again(p_org_id, p_appointment_id, p_calendar_id) END);
    END IF;
    v_reason := CASE
        -- The patient was told of our newer time, or we cannot know that this is not our own unrecorded write.
        WHEN p_rev > coalesce(v_event.written_version, 0) THEN 'not_recorded'
        WHEN v_visit.time_version > coalesce(v_event.written_version, 0) THEN 'changed_here'
        WHEN p_starts_at IS NULL THEN 'all_day'
        WHEN p_starts_at = v_visit.starts_at THEN 'length'
    END;
    IF v_reason IS NULL THEN
        v_told := reschedule_appointment_atomic(p_org_id, p_starts_at, p_appointment_id,
            p_expected_version => v_visit.version, p_source => 'calendar', p_actor => 'calendar');
        IF v_told ->> 'outcome' = 'rescheduled' THEN
            -- Google has it already; but a visit keeps its length, so another end is written once.
            UPDATE calendar_events e SET written_version = v_visit.version + 1
            WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id
              AND p_ends_at - p_starts_at = v_visit.ends_at - v_visit.starts_at;
            RETURN jsonb_build_object('outcome', 'rescheduled', 'outbox', v_told -> 'outbox');
        END IF;
        v_reason := coalesce(v_told ->> 'reason', v_told ->> 'outcome');
    END IF;
    RETURN jsonb_build_object('outcome', 'put_back', 'reason', v_reason, 'outbox',
        put_back_event(v_org, v_visit, p_calendar_id, v_reason, p_starts_at));
END
$$;
