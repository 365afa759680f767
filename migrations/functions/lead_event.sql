-- Write into the timeline how a lead stands, and tell the staff's board. Ids and codes only.
CREATE OR REPLACE FUNCTION frontdesk.lead_event(p_lead frontdesk.leads, p_type text, p_vapi_call_id text, p_actor text) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT frontdesk.record_change(
        p_lead.org_id, p_type, NULL, NULL, p_lead.contact_id, p_lead.version, p_vapi_call_id, p_actor,
        jsonb_build_object('lead_id', p_lead.id, 'status', p_lead.status, 'reason', p_lead.reason), '{notify}')
$$;
