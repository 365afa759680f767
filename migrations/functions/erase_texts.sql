-- Take numbers and words out of all texts with these people, end those that wait, and have Twilio delete its copies.
-- One that is just being sent is told late (apply_sms_status), and deleted at Twilio then. How many Twilio must delete.
CREATE OR REPLACE FUNCTION frontdesk.erase_texts(p_org_id uuid, p_contact_id uuid, p_contacts uuid[], p_phones text[], p_tombstone text) RETURNS integer
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_text frontdesk.sms_messages;
BEGIN
    FOR v_text IN
        SELECT m.* FROM frontdesk.sms_messages m
        WHERE m.org_id = p_org_id AND (m.phone = ANY (p_phones) OR m.contact_id = ANY (p_contacts)) ORDER BY m.id FOR UPDATE
    LOOP
        PERFORM frontdesk.delete_at_twilio(v_text, p_contact_id);
        -- Its repetition is answered by nothing: the answer quoted the visit.
        UPDATE frontdesk.webhook_seen w SET answer = w.answer || '{"reply": "none", "appointment": null, "template": null}'
        WHERE w.org_id = p_org_id AND w.source = 'twilio' AND w.id = v_text.twilio_sid AND v_text.direction = 'in';
        UPDATE frontdesk.sms_messages m
        SET body = NULL, phone = p_tombstone, erased_at = now(), sweep_at = NULL, updated_at = now(),
            state = CASE WHEN m.state IN ('queued', 'claimed', 'unknown', 'retry') THEN 'suppressed' ELSE m.state END,
            error_code = CASE WHEN m.state IN ('queued', 'claimed', 'unknown', 'retry') THEN 'erased' ELSE m.error_code END
        WHERE m.org_id = p_org_id AND m.id = v_text.id;
    END LOOP;
    RETURN (SELECT count(*) FROM frontdesk.twilio_deletions d WHERE d.org_id = p_org_id AND d.contact_id = p_contact_id);
END
$$;
