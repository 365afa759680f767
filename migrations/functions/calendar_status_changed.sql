-- Note that a calendar is live, gone or forbidden, and tell the board where that is news. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.calendar_status_changed(p_org_id uuid, p_calendar_id uuid, p_status text, p_error_code text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_provider_id uuid;
BEGIN
    UPDATE frontdesk.calendars c SET status = p_status, last_error_code = left(p_error_code, 80)
    WHERE c.org_id = p_org_id AND c.id = p_calendar_id AND c.provider_id IS NOT NULL AND c.status <> p_status
    RETURNING c.provider_id INTO v_provider_id;
    IF NOT FOUND THEN
        RETURN '[]';
    END IF;
    RETURN frontdesk.record_change(p_org_id, 'calendar.status', NULL, NULL, NULL, 0, NULL, 'system',
        jsonb_build_object('calendar_id', p_calendar_id, 'provider_id', v_provider_id, 'status', p_status), '{notify}');
END
$$;
