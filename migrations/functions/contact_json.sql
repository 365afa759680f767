-- A person as the staff's board shows them.
CREATE OR REPLACE FUNCTION frontdesk.contact_json(p_contact frontdesk.contacts) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_contact.id, 'version', p_contact.version, 'name', p_contact.name, 'phone', p_contact.phone,
        'other_phones', (SELECT coalesce(jsonb_agg(c.phone ORDER BY c.phone), '[]') FROM frontdesk.contacts c WHERE c.org_id = p_contact.org_id AND c.merged_into = p_contact.id),
        'email', p_contact.email, 'date_of_birth', p_contact.date_of_birth, 'created_at', p_contact.created_at,
        'next_appointment', (
            SELECT jsonb_build_object('id', a.id, 'starts_at', a.starts_at)
            FROM frontdesk.appointments a
            WHERE a.org_id = p_contact.org_id AND a.contact_id = ANY (person.ids) AND a.starts_at > now()
              AND a.status IN ('pending', 'confirmed', 'arrived')
            ORDER BY a.starts_at, a.id LIMIT 1),
        'appointment_count', (
            SELECT count(*) FROM frontdesk.appointments a
            WHERE a.org_id = p_contact.org_id AND a.contact_id = ANY (person.ids) AND a.status <> 'cancelled'),
        'opted_out', frontdesk.is_opted_out(p_contact.org_id, p_contact.phone), 'erased_at', p_contact.erased_at)
    FROM (SELECT p_contact.id || ARRAY(SELECT c.id FROM frontdesk.contacts c WHERE c.org_id = p_contact.org_id AND c.merged_into = p_contact.id) AS ids) AS person
$$;
