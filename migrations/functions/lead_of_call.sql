-- The lead of a call that did not book: new, or the one its number has, with this call's reason when none is later.
-- Who was booked or lost before this call is a lead again; who must not be called stays so.
CREATE OR REPLACE FUNCTION frontdesk.lead_of_call(p_call frontdesk.calls, OUT o_lead jsonb, OUT o_outbox jsonb)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_lead   frontdesk.leads;
    v_before frontdesk.leads;
    v_name   text := (SELECT left(f.value, 120) FROM frontdesk.contact_facts f
                      WHERE f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id AND f.field = 'name');
    v_type   text := 'lead.changed';
BEGIN
    o_outbox := '[]';
    INSERT INTO frontdesk.leads (org_id, id, phone, contact_id, name, reason, call_id)
    VALUES (p_call.org_id, frontdesk.new_id(), p_call.phone, p_call.contact_id, v_name, frontdesk.call_lost_reason(p_call), p_call.id)
    ON CONFLICT (org_id, phone) DO NOTHING;
    IF FOUND THEN
        v_type := 'lead.created';
    END IF;
    SELECT * INTO v_before FROM frontdesk.leads l WHERE l.org_id = p_call.org_id AND l.phone = p_call.phone FOR UPDATE;
    v_lead := v_before;
    IF v_type = 'lead.changed' AND p_call.started_at >= (SELECT c.started_at FROM frontdesk.calls c WHERE c.org_id = v_lead.org_id AND c.id = v_lead.call_id)
       AND NOT (v_lead.status IN ('booked', 'lost') AND v_lead.status_at >= p_call.started_at) THEN
        UPDATE frontdesk.leads l
        SET status = CASE WHEN l.status IN ('booked', 'lost') THEN 'new' ELSE l.status END,
            status_at = CASE WHEN l.status IN ('booked', 'lost') THEN now() ELSE l.status_at END,
            reason = frontdesk.call_lost_reason(p_call), call_id = p_call.id,
            name = coalesce(l.name, v_name), contact_id = coalesce(p_call.contact_id, l.contact_id)
        WHERE l.org_id = v_lead.org_id AND l.id = v_lead.id
        RETURNING * INTO v_lead;
    END IF;
    UPDATE frontdesk.calls c SET lead_id = v_lead.id WHERE c.org_id = p_call.org_id AND c.id = p_call.id AND c.lead_id IS DISTINCT FROM v_lead.id;
    IF v_type = 'lead.created' OR v_lead IS DISTINCT FROM v_before THEN
        UPDATE frontdesk.leads l SET updated_at = now(), version = l.version + (v_type = 'lead.changed')::integer
        WHERE l.org_id = v_lead.org_id AND l.id = v_lead.id
        RETURNING * INTO v_lead;
        o_outbox := frontdesk.lead_event(v_lead, v_type, p_call.vapi_call_id, 'system');
    END IF;
    o_lead := to_jsonb(v_lead);
END
$$;
