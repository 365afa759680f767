-- A lead as the staff API shows it, with what its calls told about the person, each with where it is from.
CREATE OR REPLACE FUNCTION frontdesk.lead_json(p_lead frontdesk.leads) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN jsonb_build_object(
        'id', p_lead.id, 'version', p_lead.version, 'phone', p_lead.phone, 'contact_id', p_lead.contact_id,
        'name', coalesce((SELECT c.name FROM frontdesk.contacts c WHERE c.org_id = p_lead.org_id AND c.id = p_lead.contact_id), p_lead.name),
        'status', p_lead.status, 'status_at', p_lead.status_at, 'reason', p_lead.reason, 'note', p_lead.note,
        'call_id', p_lead.call_id, 'appointment_id', p_lead.appointment_id, 'created_at', p_lead.created_at,
        'calls', (SELECT count(*) FROM frontdesk.calls c WHERE c.org_id = p_lead.org_id AND c.lead_id = p_lead.id),
        'facts', coalesce((
            SELECT jsonb_agg(jsonb_build_object('field', field, 'value', value, 'source', source, 'at', at) ORDER BY field)
            FROM (SELECT DISTINCT ON (f.field) f.field, f.value, f.source, f.at FROM frontdesk.contact_facts f
                  WHERE f.org_id = p_lead.org_id AND f.phone = p_lead.phone
                  ORDER BY f.field, f.source LIKE 'staff:%' DESC, f.at DESC, f.source) AS latest), '[]'));
END
$$;
