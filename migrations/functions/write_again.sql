-- Have an event written (or deleted) in Google after the provider changed it there. Returns the outbox row. Should its
-- message be lost, dispatch asks again.
--
-- That Google has something else is kept with the event ('wanted'), not with the row: however often the row comes, it is
-- written once, and what is put off, or waits for the clinic to connect again, is still written.
CREATE OR REPLACE FUNCTION frontdesk.write_again(p_org_id uuid, p_appointment_id uuid, p_calendar_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    UPDATE frontdesk.calendar_events e
    SET next_at = now() + interval '2 minutes',
        state = CASE WHEN e.state = 'live' AND e.written_version = a.version AND a.status <> 'cancelled' THEN 'wanted' ELSE e.state END
    FROM frontdesk.appointments a
    WHERE e.org_id = p_org_id AND e.appointment_id = p_appointment_id AND e.calendar_id = p_calendar_id
      AND a.org_id = p_org_id AND a.id = p_appointment_id;
    RETURN frontdesk.queue_calendar_row(p_org_id, 'calendar.write_again', p_appointment_id);
END
$$;
