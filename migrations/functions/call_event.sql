-- Write into the timeline how a call stands, and tell the staff's board. Codes and numbers only.
CREATE OR REPLACE FUNCTION frontdesk.call_event(p_call frontdesk.calls, p_type text) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT frontdesk.record_change(
        p_call.org_id, p_type, NULL, NULL, p_call.contact_id, 1, p_call.vapi_call_id, 'voice',
        jsonb_strip_nulls(jsonb_build_object('outcome', p_call.outcome, 'duration_seconds', p_call.duration_seconds)), '{notify}')
$$;
