-- When a reminder is due, or null when it never is.
--
-- So many minutes before the visit; from a day on by the clinic's clock, so that "24 hours before 9:00" is 9:00
-- on the day before also where the clocks change in between.
-- In quiet hours: an hour before they begin, so that it is read the evening before; the morning, if the visit was
-- booked too late for that. Never within half an hour of the visit, and never when the time was set (booked or
-- moved) after the reminder would have been due: the text about that told all.
CREATE OR REPLACE FUNCTION frontdesk.reminder_moment(
    p_starts_at   timestamptz,
    p_minutes     integer,
    p_set_at      timestamptz,
    p_time_zone   text,
    p_quiet_from  time,
    p_quiet_until time
) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_before  interval := make_interval(mins => p_minutes);
    v_due     timestamptz := CASE WHEN p_minutes >= 1440
                                  THEN (p_starts_at AT TIME ZONE p_time_zone - v_before) AT TIME ZONE p_time_zone
                                  ELSE p_starts_at - v_before END;
    v_morning timestamptz := frontdesk.after_quiet_hours(v_due, p_time_zone, p_quiet_from, p_quiet_until);
    v_here    timestamp := v_due AT TIME ZONE p_time_zone;
    v_evening timestamptz;
BEGIN
    IF p_set_at >= v_due THEN
        RETURN NULL;
    END IF;
    IF v_morning > v_due THEN
        -- The last time the clock said quiet_from, less an hour.
        v_evening := (v_here::date - CASE WHEN v_here::time < p_quiet_from THEN 1 ELSE 0 END + p_quiet_from - interval '1 hour')
                     AT TIME ZONE p_time_zone;
        v_due := CASE WHEN p_set_at < v_evening THEN v_evening ELSE v_morning END;
    END IF;
    RETURN CASE WHEN v_due <= p_starts_at - interval '30 minutes' THEN v_due END;
END
$$;
