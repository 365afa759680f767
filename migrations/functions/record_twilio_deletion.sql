-- Record that Twilio deleted a text (or had none of that id), or why it did not: then it is asked again, later and later,
-- at the latest after a day. {"left": how many of the person's it still has}.
CREATE OR REPLACE FUNCTION frontdesk.record_twilio_deletion(p_org_id uuid, p_twilio_sid text, p_error_code text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    IF p_error_code IS NULL THEN
        DELETE FROM twilio_deletions d WHERE d.org_id = p_org_id AND d.twilio_sid = p_twilio_sid;
        UPDATE sms_messages m SET twilio_sid = NULL WHERE m.org_id = p_org_id AND m.twilio_sid = p_twilio_sid AND m.erased_at IS NOT NULL;
    ELSE
        UPDATE twilio_deletions d
        SET attempts = d.attempts + 1, last_error_code = left(p_error_code, 80),
            next_at = now() + least(interval '1 day', interval '2 minutes' * power(2, least(d.attempts, 12)))
        WHERE d.org_id = p_org_id AND d.twilio_sid = p_twilio_sid;
    END IF;
    RETURN '{"recorded": true}';
END
$$;
