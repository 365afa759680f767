-- Have somebody call back who was missed, or who asked for an appointment and got none (p_wanted: the call made a lead).
-- Once a call; not when the call left a message itself, nor while somebody is to call this number back anyway. When more
-- is heard of the call, what nobody has touched yet is put right: worded anew, or done with.
CREATE OR REPLACE FUNCTION frontdesk.follow_up_of_call(p_call frontdesk.calls, p_wanted boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_message text;
    v_known   frontdesk.follow_ups;
    v_name    text;
    v_wish    text;
    v_done    jsonb;
BEGIN
    v_message := CASE
        WHEN NOT p_wanted THEN NULL
        WHEN NOT EXISTS (SELECT FROM frontdesk.orgs o WHERE o.id = p_call.org_id AND 'call' = ANY (o.follow_up_rules)) THEN NULL
        WHEN p_call.outcome = 'missed' THEN 'Missed call: nobody was heard.'
        WHEN p_call.outcome = 'failed' THEN 'The call broke off.'
        WHEN p_call.outcome = 'no_booking' AND (p_call.intent = 'book' OR EXISTS (
                SELECT FROM frontdesk.call_messages m
                WHERE m.org_id = p_call.org_id AND m.call_id = p_call.id AND m.tool IN ('checkAvailability', 'bookClinicAppointment')))
            THEN 'Asked for an appointment and did not book (' || replace(frontdesk.call_lost_reason(p_call), '_', ' ') || ').'
    END;
    SELECT * INTO v_known FROM frontdesk.follow_ups f
    WHERE f.org_id = p_call.org_id AND f.phone = p_call.phone AND f.call_id = p_call.vapi_call_id AND f.rule = 'call'
    FOR UPDATE;
    IF FOUND THEN
        IF v_known.missed_calls = 0 AND v_known.assignee_id IS NULL AND v_known.snoozed_until IS NULL
           AND (v_known.status = 'open' OR v_known.done_by = 'system')
           AND ((v_known.status = 'open') <> (v_message IS NOT NULL) OR v_known.message <> v_message) THEN
            UPDATE frontdesk.follow_ups f
            SET message = coalesce(v_message, f.message), version = f.version + 1,
                status = CASE WHEN v_message IS NULL THEN 'done' ELSE 'open' END,
                done_at = CASE WHEN v_message IS NULL THEN now() END, done_by = CASE WHEN v_message IS NULL THEN 'system' END
            WHERE f.org_id = v_known.org_id AND f.id = v_known.id
            RETURNING * INTO v_known;
            RETURN frontdesk.record_change(
                p_call.org_id, CASE WHEN v_message IS NULL THEN 'follow_up.done' ELSE 'follow_up.changed' END, NULL, v_known.id,
                v_known.contact_id, v_known.version, p_call.vapi_call_id, 'system', '{}', '{notify}');
        END IF;
        RETURN '[]';
    END IF;
    IF v_message IS NULL
       OR EXISTS (SELECT FROM frontdesk.events e
                  WHERE e.org_id = p_call.org_id AND e.call_id = p_call.vapi_call_id AND e.type = 'follow_up.created')
       OR EXISTS (SELECT FROM frontdesk.follow_ups f WHERE f.org_id = p_call.org_id AND f.phone = p_call.phone AND f.status = 'open') THEN
        RETURN '[]';
    END IF;
    SELECT max(f.value) FILTER (WHERE f.field = 'name'), max(f.value) FILTER (WHERE f.field = 'preferred_times') INTO v_name, v_wish
    FROM frontdesk.contact_facts f
    WHERE f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id;
    v_done := frontdesk.create_follow_up(
        p_call.org_id, v_message, frontdesk.rule_due_at(p_call.org_id, now()), p_call.phone, left(v_name, 120), 'same_day', left(v_wish, 200),
        p_call.vapi_call_id, p_idempotency_key => 'rule:call:' || p_call.vapi_call_id, p_source => 'rule', p_actor => 'system');
    UPDATE frontdesk.follow_ups f SET rule = 'call' WHERE f.org_id = p_call.org_id AND f.id = (v_done ->> 'follow_up_id')::uuid;
    RETURN coalesce(v_done -> 'outbox', '[]');
END
$$;
