-- Write into the timeline what became of a text, and tell the staff's board. Ids and codes only.
CREATE OR REPLACE FUNCTION frontdesk.sms_event(p_text frontdesk.sms_messages, p_type text, p_code text) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT frontdesk.record_change(
        p_text.org_id, p_type, p_text.appointment_id, p_text.follow_up_id, p_text.contact_id, p_text.version, NULL, 'sms',
        jsonb_strip_nulls(jsonb_build_object('message_id', p_text.id, 'kind', p_text.kind, 'code', p_code)),
        '{notify}')
$$;
