-- Do with a text what its obstacle asks for: put it off, or end it. Returns the outbox rows.
-- Only what is queued or waits for another try: a text that may be on its way is not ended from here.
CREATE OR REPLACE FUNCTION frontdesk.put_sms_aside(p_org frontdesk.orgs, p_text frontdesk.sms_messages, p_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_reason text := p_reason;
    v_later  timestamptz;
BEGIN
    IF v_reason = 'paused' THEN
        v_later := now() + interval '10 minutes';   -- resume_sms calls it earlier
    ELSIF v_reason = 'quiet' THEN
        v_later := frontdesk.after_quiet_hours(now(), p_org.time_zone, p_org.quiet_from, p_org.quiet_until);
        IF v_later >= p_text.valid_until THEN
            v_reason := 'expired';
        END IF;
    END IF;
    UPDATE frontdesk.sms_messages m
    SET state = CASE v_reason WHEN 'paused' THEN m.state WHEN 'quiet' THEN m.state WHEN 'expired' THEN 'expired'
                              WHEN 'opted_out' THEN 'suppressed' ELSE 'cancelled' END,
        next_at = coalesce(v_later, m.next_at), sweep_at = coalesce(v_later, m.sweep_at),
        error_code = CASE WHEN v_reason IN ('paused', 'quiet') THEN m.error_code ELSE v_reason END,
        updated_at = now()
    WHERE m.org_id = p_text.org_id AND m.id = p_text.id AND m.state IN ('queued', 'retry');
    IF FOUND AND v_reason IN ('expired', 'opted_out') THEN   -- the staff should know that nobody was told
        RETURN frontdesk.sms_event(p_text, 'sms.failed', v_reason);
    END IF;
    RETURN '[]';
END
$$;
