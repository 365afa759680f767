-- The id we give our event in Google: 40 characters of 0-9 and a-f, within Google's alphabet (base32hex, 5 to 1024
-- characters: reference of Events, "id"). The only place where it is made.
--
-- Of the appointment and Google's id of the calendar, so that whoever repeats an insert names the same event, and Google
-- refuses the second (409): also when our row of the calendar was forgotten meanwhile and made anew. A deleted id stays
-- taken, hence the generation.
CREATE OR REPLACE FUNCTION frontdesk.calendar_event_id(p_appointment_id uuid, p_calendar_id uuid, p_generation integer) RETURNS text
LANGUAGE sql VOLATILE
AS $$
    SELECT left(encode(sha256(convert_to(p_appointment_id || ':' || c.google_calendar_id || ':' || p_generation, 'UTF8')), 'hex'), 40)
    FROM frontdesk.calendars c
    WHERE c.id = p_calendar_id AND c.org_id = nullif(current_setting('app.org_id', true), '')::uuid
$$;
