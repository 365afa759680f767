-- Restore our event after the provider changed or deleted it, and tell the staff what was wanted.
-- p_reason: not_recorded, lost (nobody's act that we know of: not told), changed_here, all_day, length, many_deleted, or why
-- the time cannot be had (taken, hours, closed, in_past, too_far, off_grid).
CREATE OR REPLACE FUNCTION frontdesk.put_back_event(
    p_org         frontdesk.orgs,
    p_visit       frontdesk.appointments,
    p_calendar_id uuid,
    p_reason      text,
    p_wanted      timestamptz                  -- null: an all-day event, or deleted
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_outbox jsonb := frontdesk.write_again(p_org.id, p_visit.id, p_calendar_id);
    v_wanted text := coalesce(to_char(p_wanted AT TIME ZONE p_org.time_zone, 'FMDay, FMMonth FMDD, FMHH12:MI AM'), 'a whole day');
BEGIN
    IF p_reason IN ('not_recorded', 'lost') THEN
        RETURN v_outbox;
    END IF;
    v_outbox := v_outbox || frontdesk.calendar_follow_up(p_org, p_visit,
        'put_back:' || p_visit.id || ':' || p_visit.version || ':' || p_reason || ':' || coalesce(extract(epoch FROM p_wanted)::text, ''),
        CASE p_reason
            WHEN 'changed_here' THEN '{provider} changed the visit in Google Calendar while it was changed here. It stays on {time}: please check.'
            WHEN 'length' THEN '{provider} changed how long the visit on {time} lasts in Google Calendar. It was put back: change it here if it should.'
            WHEN 'many_deleted' THEN '{provider}''s calendar lost many visits at once, the one on {time} among them. It was put back: cancel it here if it should be.'
            ELSE '{provider} moved the visit on {time} to ' || v_wanted || ' in Google Calendar, which is not possible ('
                 || replace(p_reason, '_', ' ') || '). It was put back: please agree on another time.'
        END);
    RETURN v_outbox || frontdesk.record_change(
        p_org.id, 'calendar.put_back', p_visit.id, NULL, p_visit.contact_id, p_visit.version, NULL, 'calendar',
        jsonb_strip_nulls(jsonb_build_object('calendar_id', p_calendar_id, 'wanted_starts_at', p_wanted, 'reason', p_reason)), '{notify}');
END
$$;
