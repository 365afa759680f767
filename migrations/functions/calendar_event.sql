-- Write into the timeline what became of a calendar, and tell the staff's board. Ids and codes only.
CREATE OR REPLACE FUNCTION frontdesk.calendar_event(p_calendar frontdesk.calendars, p_type text, p_data jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT frontdesk.record_change(
        p_calendar.org_id, p_type, NULL, NULL, NULL, 1, NULL, 'calendar',
        jsonb_build_object('calendar_id', p_calendar.id) || jsonb_strip_nulls(p_data), '{notify}')
$$;
