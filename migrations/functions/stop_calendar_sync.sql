-- End a reading that did not see everything: the token stays as it was, so the next one sees at least as much.
-- p_status: what the calendar is found to be (gone, forbidden), or null. p_retry_seconds: when to try again.
CREATE OR REPLACE FUNCTION frontdesk.stop_calendar_sync(
    p_org_id        uuid,
    p_calendar_id   uuid,
    p_lease         uuid,
    p_error_code    text,
    p_retry_seconds integer,
    p_status        text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_calendar calendars;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_calendar FROM calendars c WHERE c.org_id = p_org_id AND c.id = p_calendar_id FOR UPDATE;
    IF NOT FOUND OR v_calendar.sync_lease IS DISTINCT FROM p_lease THEN
        RETURN '{"outcome": "lost", "outbox": []}';
    END IF;
    UPDATE calendars c
    SET sync_lease = NULL, sync_lease_until = NULL, last_error_code = left(p_error_code, 80),
        next_poll_at = now() + make_interval(secs => p_retry_seconds)
    WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
    RETURN jsonb_build_object('outcome', 'stopped', 'outbox',
        CASE WHEN p_status IS NULL THEN '[]'::jsonb ELSE calendar_status_changed(p_org_id, p_calendar_id, p_status, p_error_code) END);
END
$$;
