-- Why a call did not book, as a code: what the agent's analysis says, else what the call itself shows.
CREATE OR REPLACE FUNCTION frontdesk.call_lost_reason(p_call frontdesk.calls) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_last text;
BEGIN
    SELECT m.outcome INTO v_last
    FROM frontdesk.call_messages m
    WHERE m.org_id = p_call.org_id AND m.call_id = p_call.id AND m.role = 'tool' AND m.outcome IS NOT NULL
    ORDER BY m.position DESC LIMIT 1;
    RETURN CASE
        WHEN p_call.lost_reason IS NOT NULL THEN p_call.lost_reason
        WHEN p_call.outcome = 'missed' THEN 'missed_call'
        WHEN p_call.outcome = 'failed' THEN 'our_failure'
        WHEN p_call.outcome = 'transferred' THEN 'transferred'
        WHEN p_call.outcome = 'message_taken' THEN 'left_message'
        WHEN v_last IN ('SLOT_UNAVAILABLE', 'NO_AVAILABILITY', 'OUTSIDE_HOURS', 'TOO_SOON', 'TOO_FAR_AHEAD') THEN 'no_time_fits'
        WHEN v_last IN ('NOT_VERIFIED', 'NOT_FOUND') THEN 'not_verified'
        WHEN v_last IN ('TEMPORARY_FAILURE', 'BUSY') THEN 'our_failure'
        WHEN p_call.ended_reason ~ 'silence' THEN 'went_silent'
        WHEN p_call.ended_reason ~ 'customer' THEN 'hung_up'
        ELSE 'unknown'
    END;
END
$$;
