-- A call as the staff API shows it, without its transcript.
CREATE OR REPLACE FUNCTION frontdesk.call_json(p_call frontdesk.calls) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN jsonb_build_object(
        'id', p_call.id, 'vapi_call_id', p_call.vapi_call_id, 'state', p_call.state, 'direction', p_call.direction,
        'phone', p_call.phone, 'contact_id', p_call.contact_id, 'lead_id', p_call.lead_id,
        'contact_name', coalesce(
            (SELECT c.name FROM frontdesk.contacts c WHERE c.org_id = p_call.org_id AND c.id = p_call.contact_id),
            (SELECT f.value FROM frontdesk.contact_facts f
             WHERE f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id AND f.field = 'name')),
        'started_at', p_call.started_at, 'ended_at', p_call.ended_at, 'duration_seconds', p_call.duration_seconds,
        'ended_reason', p_call.ended_reason, 'outcome', p_call.outcome, 'intent', p_call.intent, 'lost_reason', p_call.lost_reason,
        'summary', p_call.summary, 'success', p_call.success, 'recording_url', p_call.recording_url,
        'transferred_to', p_call.transferred_to, 'cost', p_call.cost, 'reported', p_call.reported_at IS NOT NULL);
END
$$;
