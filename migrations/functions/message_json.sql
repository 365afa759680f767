-- A text, either way, as the staff's board shows it.
CREATE OR REPLACE FUNCTION frontdesk.message_json(p_text frontdesk.sms_messages) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_text.id, 'direction', p_text.direction, 'kind', p_text.kind, 'appointment_id', p_text.appointment_id,
        'follow_up_id', p_text.follow_up_id, 'contact_id', coalesce(c.id, p_text.contact_id), 'contact_name', c.name,
        'phone', p_text.phone, 'body', p_text.body, 'state', p_text.state, 'error_code', p_text.error_code,
        'segments', p_text.segments, 'created_at', p_text.created_at, 'updated_at', p_text.updated_at)
    FROM (SELECT) AS one
    LEFT JOIN frontdesk.contacts c ON c.org_id = p_text.org_id AND c.phone = p_text.phone
$$;
