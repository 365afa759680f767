-- Note that Twilio must delete its copies of a text: every attempt's, as far as we were told of them.
CREATE OR REPLACE FUNCTION frontdesk.delete_at_twilio(p_text frontdesk.sms_messages, p_contact_id uuid, p_twilio_sid text DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    INSERT INTO frontdesk.twilio_deletions (org_id, twilio_sid, contact_id)
    SELECT p_text.org_id, sid, p_contact_id
    FROM (SELECT p_text.twilio_sid UNION SELECT p_twilio_sid
          UNION SELECT l.twilio_sid FROM frontdesk.sms_status_log l WHERE l.org_id = p_text.org_id AND l.message_id = p_text.id) AS known (sid)
    WHERE sid IS NOT NULL
    ON CONFLICT DO NOTHING
$$;
