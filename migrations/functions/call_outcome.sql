-- What came of a call that has ended, from what it did here, then from what was said in it. Null before, and while
-- its report may still come.
--
-- missed: nobody was heard; failed: the line or the agent broke. Order of the questions: the first yes decides.
CREATE OR REPLACE FUNCTION frontdesk.call_outcome(p_call frontdesk.calls) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_done  text[];
    v_tools text[];
    v_heard boolean;
BEGIN
    IF p_call.state <> 'ended' THEN
        RETURN NULL;
    ELSIF p_call.forgotten_at IS NOT NULL AND p_call.outcome IS NOT NULL THEN
        RETURN p_call.outcome;   -- what it was told from is gone
    END IF;
    SELECT coalesce(array_agg(DISTINCT e.type || CASE WHEN e.type = 'follow_up.created' THEN ':' || e.actor ELSE '' END), '{}') INTO v_done
    FROM frontdesk.events e
    WHERE e.org_id = p_call.org_id AND e.call_id = p_call.vapi_call_id;
    SELECT coalesce(array_agg(DISTINCT m.outcome) FILTER (WHERE m.role = 'tool' AND m.outcome IS NOT NULL), '{}'),
           coalesce(bool_or(m.role = 'user'), false)
    INTO v_tools, v_heard
    FROM frontdesk.call_messages m
    WHERE m.org_id = p_call.org_id AND m.call_id = p_call.id;
    RETURN CASE
        WHEN 'appointment.booked' = ANY (v_done) THEN 'booked'
        WHEN 'appointment.rescheduled' = ANY (v_done) THEN 'rescheduled'
        WHEN 'appointment.cancelled' = ANY (v_done) THEN 'cancelled'
        WHEN 'appointment.confirmed' = ANY (v_done) THEN 'confirmed'
        WHEN p_call.transferred_to IS NOT NULL OR p_call.ended_reason ~ 'forwarded' THEN 'transferred'
        WHEN 'follow_up.created:voice' = ANY (v_done) THEN 'message_taken'
        WHEN coalesce(p_call.reported_at, p_call.settled_at) IS NULL THEN NULL
        WHEN p_call.ended_reason ~ '(error|fail|fault)' THEN 'failed'
        WHEN v_tools && '{FOUND,MULTIPLE_FOUND}' THEN 'looked_up'
        WHEN NOT v_heard AND v_tools = '{}' THEN 'missed'
        ELSE 'no_booking'
    END;
END
$$;
