-- Take a calendar from its provider: what was read from it is forgotten at once, what we wrote into it and is still
-- to come is queued to be deleted, and then the calendar is forgotten too (forget_left_calendar).
-- Call it with the provider's schedule locked. Returns nothing; queue_calendar_writes queues.
CREATE OR REPLACE FUNCTION frontdesk.leave_calendar(p_org_id uuid, p_calendar_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    UPDATE frontdesk.calendars c
    SET provider_id = NULL, status = 'gone', last_error_code = 'not_assigned', sync_token = NULL, sync_lease = NULL,
        sync_lease_until = NULL, next_poll_at = 'infinity'
    WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
    DELETE FROM frontdesk.busy_blocks b WHERE b.org_id = p_org_id AND b.calendar_id = p_calendar_id;
    UPDATE frontdesk.watch_channels w SET state = 'stopped', renew_at = NULL
    WHERE w.org_id = p_org_id AND w.calendar_id = p_calendar_id AND w.state <> 'stopped';
    -- Visits that are over stay where they are: they are the provider's record.
    DELETE FROM frontdesk.calendar_events e
    USING frontdesk.appointments a
    WHERE e.org_id = p_org_id AND e.calendar_id = p_calendar_id
      AND a.org_id = e.org_id AND a.id = e.appointment_id AND a.ends_at <= now() AND a.status <> 'cancelled';
    -- What was never tried needs no deleting.
    DELETE FROM frontdesk.calendar_events e
    WHERE e.org_id = p_org_id AND e.calendar_id = p_calendar_id AND e.attempts + e.writes = 0;
    PERFORM frontdesk.forget_left_calendar(p_org_id, p_calendar_id);
END
$$;
