-- All that is kept about a person, for them to have: {"outcome": "found", "export": {...}}, or not_found. That it was
-- taken is an event. Ids and codes as they are stored; nobody else's words but staff's about them.
CREATE OR REPLACE FUNCTION frontdesk.export_contact(p_org_id uuid, p_contact_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_ids    uuid[];
    v_phones text[];
    v_export jsonb;
BEGIN
    v_org := act_for(p_org_id);
    v_ids := person_ids(p_org_id, p_contact_id);
    IF v_ids = '{}' THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    v_phones := ARRAY(SELECT c.phone::text FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_ids));
    v_export := jsonb_build_object(
        'made_at', now(), 'clinic', v_org.name, 'time_zone', v_org.time_zone,
        'contacts', (SELECT jsonb_agg(to_jsonb(c) - '{org_id,search_name}'::text[] ORDER BY c.created_at, c.id)
                     FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_ids)),
        'wants_no_texts', (SELECT bool_or(is_opted_out(p_org_id, phone)) FROM unnest(v_phones) AS phone),
        'appointments', (SELECT coalesce(jsonb_agg(to_jsonb(a) - '{org_id,provider_no,during}'::text[]
                                                   || jsonb_build_object('provider_name', p.name, 'service_name', s.name) ORDER BY a.starts_at, a.id), '[]')
                         FROM appointments a
                         JOIN providers p ON p.org_id = a.org_id AND p.id = a.provider_id
                         JOIN services s ON s.org_id = a.org_id AND s.id = a.service_id
                         WHERE a.org_id = p_org_id AND a.contact_id = ANY (v_ids)),
        'messages', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'id', m.id, 'direction', m.direction, 'kind', m.kind, 'appointment_id', m.appointment_id, 'phone', m.phone, 'language', m.language,
                         'body', m.body, 'state', m.state, 'segments', m.segments, 'twilio_sid', m.twilio_sid, 'created_at', m.created_at) ORDER BY m.created_at, m.id), '[]')
                     FROM sms_messages m WHERE m.org_id = p_org_id AND (m.phone = ANY (v_phones) OR m.contact_id = ANY (v_ids))),
        'calls', (SELECT coalesce(jsonb_agg(to_jsonb(c) - '{org_id,words,heard,transcript_stamp}'::text[] || jsonb_build_object('transcript', (
                          SELECT coalesce(jsonb_agg(to_jsonb(l) - '{org_id,call_id}'::text[] ORDER BY l.position), '[]')
                          FROM call_messages l WHERE l.org_id = p_org_id AND l.call_id = c.id)) ORDER BY c.started_at, c.id), '[]')
                  FROM calls c WHERE c.org_id = p_org_id AND (c.phone = ANY (v_phones) OR c.contact_id = ANY (v_ids))),
        'leads', (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'org_id' ORDER BY l.created_at), '[]')
                  FROM leads l WHERE l.org_id = p_org_id AND (l.phone = ANY (v_phones) OR l.contact_id = ANY (v_ids))),
        'facts', (SELECT coalesce(jsonb_agg(to_jsonb(f) - 'org_id' ORDER BY f.at, f.source, f.field), '[]')
                  FROM contact_facts f WHERE f.org_id = p_org_id AND (f.phone = ANY (v_phones) OR f.contact_id = ANY (v_ids))),
        'follow_ups', (SELECT coalesce(jsonb_agg(to_jsonb(f) - 'org_id' ORDER BY f.created_at, f.id), '[]')
                       FROM follow_ups f WHERE f.org_id = p_org_id AND (f.phone = ANY (v_phones) OR f.contact_id = ANY (v_ids))),
        'notes', (SELECT coalesce(jsonb_agg(note_json(n) ORDER BY n.created_at, n.id), '[]')
                  FROM contact_notes n WHERE n.org_id = p_org_id AND n.contact_id = ANY (v_ids)),
        'events', (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'org_id' ORDER BY e.seq), '[]')
                   FROM events e WHERE e.org_id = p_org_id AND (e.contact_id = ANY (v_ids)
                       OR e.appointment_id IN (SELECT a.id FROM appointments a WHERE a.org_id = p_org_id AND a.contact_id = ANY (v_ids)))));
    RETURN jsonb_build_object('outcome', 'found', 'export', v_export, 'outbox', record_change(
        p_org_id, 'contact.exported', NULL, NULL, v_ids[1], 1, NULL, p_actor, '{}', '{notify}'));
END
$$;
