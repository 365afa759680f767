-- Keep what one message of Vapi's says of a call. Messages come in any order, repeated, partial and late; the stored
-- call is the same whatever the order, because each part of it is a maximum:
--
--   p_state    goes on from ringing to ended and never back.
--   p_heard    {field: [rank, time in ms, value]}: of each field the greatest [rank, time, md5 of the value] wins; what
--              a message does not say, it does not take away.
--   p_lines    a whole transcript [{role, body, seconds, at, tool, tool_call_id, outcome}], `at` in ms: the one with the
--              greatest [p_lines_rank, lines, md5] wins, so half of one never replaces a whole one.
--   p_live     one line of a call that goes on: kept until there is a whole transcript.
--
-- p_reported: this is the end-of-call report; lead and follow-up are decided (settle_call).
-- Returns {"id", "state", "outcome", "changed", "outbox"}.
CREATE OR REPLACE FUNCTION frontdesk.record_call(
    p_org_id     uuid,
    p_call_id    text,
    p_state      text,
    p_heard      jsonb,
    p_lines      jsonb DEFAULT NULL,
    p_lines_rank integer DEFAULT 0,
    p_live       jsonb DEFAULT NULL,
    p_reported   boolean DEFAULT false
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_before calls;
    v_call   calls;
    v_won    jsonb;
    v_stamps jsonb;
    v_new    boolean;                             -- a transcript was taken in
    v_outbox jsonb := '[]';
    v_type   text;
BEGIN
    v_org := act_for(p_org_id);
    v_before := call_to_record(p_org_id, p_call_id);
    IF v_before.erased_at IS NOT NULL THEN   -- whoever it was asked to be forgotten meanwhile
        p_heard := impersonal_heard(p_heard);
        p_lines := NULL;
        p_live := NULL;
    END IF;
    SELECT coalesce(jsonb_object_agg(key, said), '{}'), coalesce(jsonb_object_agg(key, stamp), '{}') INTO v_won, v_stamps
    FROM (SELECT key, value -> 2 AS said, jsonb_build_array(value -> 0, value -> 1, md5(value ->> 2)) AS stamp
          FROM jsonb_each(p_heard)) AS each
    WHERE stamp > coalesce(v_before.heard -> key, '[-1, 0, ""]');

    UPDATE calls c
    SET state = CASE WHEN call_state_rank(p_state) > call_state_rank(c.state) THEN p_state ELSE c.state END,
        direction = coalesce(v_won ->> 'direction', c.direction),
        phone = coalesce(v_won ->> 'phone', c.phone),
        started_at = coalesce((v_won ->> 'started_at')::timestamptz, c.started_at),
        ended_at = coalesce((v_won ->> 'ended_at')::timestamptz, c.ended_at),
        duration_seconds = coalesce((v_won ->> 'duration_seconds')::numeric, c.duration_seconds),
        ended_reason = coalesce(v_won ->> 'ended_reason', c.ended_reason),
        intent = coalesce(v_won ->> 'intent', c.intent),
        lost_reason = coalesce(v_won ->> 'lost_reason', c.lost_reason),
        summary = coalesce(v_won ->> 'summary', c.summary),
        success = coalesce(v_won ->> 'success', c.success),
        recording_url = coalesce(v_won ->> 'recording_url', c.recording_url),
        transferred_to = coalesce(v_won ->> 'transferred_to', c.transferred_to),
        cost = coalesce((v_won ->> 'cost')::numeric, c.cost),
        reported_at = CASE WHEN p_reported THEN coalesce(c.reported_at, now()) ELSE c.reported_at END,
        heard = c.heard || v_stamps
    WHERE c.org_id = p_org_id AND c.id = v_before.id
    RETURNING * INTO v_call;

    v_new := save_transcript(v_call, v_org.language, p_lines, p_lines_rank, p_live);
    UPDATE calls c
    SET contact_id = call_contact(v_call),
        outcome = call_outcome(v_call),
        duration_seconds = CASE WHEN c.heard ? 'duration_seconds' THEN c.duration_seconds
                                WHEN c.state = 'ended' THEN greatest(0, extract(epoch FROM c.ended_at - c.started_at)) END
    WHERE c.org_id = p_org_id AND c.id = v_call.id
    RETURNING * INTO v_call;
    IF v_call.erased_at IS NULL AND is_call_of_erased(v_call) THEN
        v_call := erase_call(v_call);
        v_won := '{}';
    END IF;
    PERFORM keep_facts(v_call, v_won);
    IF v_call IS NOT DISTINCT FROM v_before AND NOT v_new THEN
        RETURN jsonb_build_object('id', v_call.id, 'state', v_call.state, 'outcome', v_call.outcome, 'changed', false, 'outbox', v_outbox);
    END IF;
    UPDATE calls c SET updated_at = now() WHERE c.org_id = p_org_id AND c.id = v_call.id;

    IF p_reported OR v_call.settled_at IS NOT NULL THEN
        v_outbox := v_outbox || enrich_contact(v_call) || settle_call(v_call);
    END IF;
    v_type := CASE
        WHEN v_call.state = 'ended' AND v_before.state <> 'ended' THEN 'call.ended'
        WHEN v_before.heard = '{}' THEN 'call.started'
        WHEN v_call.reported_at IS DISTINCT FROM v_before.reported_at OR v_call.outcome IS DISTINCT FROM v_before.outcome THEN 'call.reported'
    END;
    IF v_type IS NOT NULL THEN
        v_outbox := v_outbox || call_event(v_call, v_type);
    END IF;
    RETURN jsonb_build_object('id', v_call.id, 'state', v_call.state, 'outcome', v_call.outcome, 'changed', true, 'outbox', v_outbox);
END
$$;
