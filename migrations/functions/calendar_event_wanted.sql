-- What an appointment wants of one calendar: 'live' (one event, as the appointment is now), 'absent', or 'nothing'
-- (leave it as it is). THE rule of which appointments stand in Google.
--
-- Live ones that are not over, in the calendar of their provider. What is over is not written newly, but what
-- stands there is kept up to date, and taken away when the visit is cancelled or the
-- patient was erased. Any other calendar than the
-- provider's has nothing of it: so a visit that changes the provider leaves the old calendar.
CREATE OR REPLACE FUNCTION frontdesk.calendar_event_wanted(
    p_visit frontdesk.appointments,
    p_home  uuid,                          -- the calendar of the visit's provider, or null
    p_event frontdesk.calendar_events      -- all null: never written
) RETURNS text
LANGUAGE sql VOLATILE
AS $$
    SELECT CASE
        WHEN p_visit.status = 'cancelled' OR p_visit.erased_at IS NOT NULL OR p_event.calendar_id <> p_home OR p_home IS NULL THEN
            CASE WHEN p_event.state <> 'deleted' THEN 'absent' ELSE 'nothing' END
        WHEN p_visit.status IN ('pending', 'confirmed', 'arrived') AND p_visit.ends_at > now() THEN 'live'
        -- One that was tried may stand there, one with an etag does: it is brought to an end.
        WHEN p_event.state = 'live' OR (p_event.state = 'wanted' AND (p_event.attempts > 0 OR p_event.etag IS NOT NULL)) THEN 'live'
        ELSE 'nothing'
    END
$$;
