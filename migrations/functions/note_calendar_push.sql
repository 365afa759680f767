-- Note that Google says a calendar changed: whoever reads it now will look again, and unless somebody is about to
-- read it anyway, its reading is queued. Any number of notifications at once become one reading.
CREATE OR REPLACE FUNCTION frontdesk.note_calendar_push(p_org_id uuid, p_channel_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_calendar uuid;
BEGIN
    PERFORM act_for(p_org_id);
    UPDATE calendars c SET pushes = c.pushes + 1
    FROM watch_channels w
    WHERE w.org_id = p_org_id AND w.id = p_channel_id AND c.org_id = p_org_id AND c.id = w.calendar_id
    RETURNING c.id INTO v_calendar;   -- the row's lock: of two at once the second sees the first one's work
    IF NOT FOUND THEN
        RETURN '{"outcome": "unknown_channel", "outbox": []}';
    END IF;
    RETURN jsonb_build_object('outcome', 'noted', 'calendar_id', v_calendar, 'outbox', queue_calendar_row(p_org_id, 'calendar.sync', v_calendar));
END
$$;
