-- Write down what became of one attempt, or of a look into Twilio's list. Late and repeated reports do no harm:
-- an attempt that is over (a newer one was claimed, or a callback told more) is not touched.
--
-- p_result: accepted    Twilio has it (p_twilio_sid), by its answer or found in its list
--           unknown     nobody knows whether Twilio has it (timeout, 5xx), or the look itself failed
--           absent      a look did not find it; the second, two minutes after the first, allows one more attempt
--           retry, rate certainly not sent, try again in p_retry_seconds
--           permanent, expired, opted_out   never
--           config      certainly not sent, and nothing of this clinic's will be: it pauses, its texts wait
CREATE OR REPLACE FUNCTION frontdesk.record_sms(
    p_org_id        uuid,
    p_message_id    uuid,
    p_attempt       integer,
    p_result        text,
    p_twilio_sid    text DEFAULT NULL,
    p_error_code    text DEFAULT NULL,
    p_retry_seconds integer DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_text   sms_messages;
    v_state  text;
    v_next   timestamptz;
    v_outbox jsonb := '[]';
BEGIN
    IF p_result IS NULL OR p_result NOT IN ('accepted', 'unknown', 'absent', 'retry', 'rate', 'permanent', 'expired', 'opted_out', 'config')
        OR (p_result = 'accepted' AND p_twilio_sid IS NULL) THEN
        RAISE EXCEPTION 'unknown result %, or accepted without an id', p_result USING ERRCODE = '22023';
    END IF;
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_org FROM orgs WHERE id = p_org_id;
    SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown text %', p_message_id USING ERRCODE = '22023';
    END IF;
    IF p_result = 'accepted' THEN
        -- Twilio's answer is its first status: one rule for both.
        RETURN apply_sms_status(p_org_id, p_message_id, p_attempt, p_twilio_sid, 'accepted') - 'applied'
               || jsonb_build_object('recorded', v_text.attempt = p_attempt);
    ELSIF p_result = 'opted_out' THEN
        PERFORM lock_schedule(p_org_id, '{}', v_text.phone);
    END IF;
    SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id FOR UPDATE;
    IF v_text.attempt <> p_attempt OR v_text.state NOT IN ('claimed', 'unknown') THEN
        RETURN jsonb_build_object('recorded', false, 'state', v_text.state, 'outbox', v_outbox);
    END IF;

    v_state := CASE p_result
        WHEN 'unknown' THEN 'unknown'
        WHEN 'retry' THEN 'retry'
        WHEN 'rate' THEN 'retry'
        WHEN 'permanent' THEN 'failed'
        WHEN 'expired' THEN 'expired'
        WHEN 'opted_out' THEN 'suppressed'
        -- Refused on sending: it was not sent. Refused on looking: that is as unknown as before.
        WHEN 'config' THEN CASE v_text.state WHEN 'claimed' THEN 'retry' ELSE 'unknown' END
        WHEN 'absent' THEN CASE
            WHEN v_text.looks = 0 OR clock_timestamp() < v_text.looked_at + interval '120 seconds' THEN 'unknown'
            WHEN v_text.resends = 0 THEN 'retry'
            ELSE 'failed' END
    END;
    v_next := clock_timestamp() + make_interval(secs => coalesce(p_retry_seconds,
        CASE p_result WHEN 'absent' THEN CASE v_state WHEN 'retry' THEN 0 ELSE 120 END WHEN 'config' THEN 600 ELSE 60 END));
    IF v_state = 'retry' AND v_next >= v_text.valid_until THEN
        v_state := 'expired';
    END IF;
    UPDATE sms_messages m
    SET state = v_state, next_at = v_next, sweep_at = v_next, error_code = coalesce(p_error_code, m.error_code),
        looks = m.looks + CASE WHEN p_result = 'absent' THEN 1 ELSE 0 END,
        looked_at = CASE WHEN p_result = 'absent' THEN coalesce(m.looked_at, clock_timestamp()) ELSE m.looked_at END,
        resends = m.resends + CASE WHEN p_result = 'absent' AND v_state = 'retry' THEN 1 ELSE 0 END,
        updated_at = now()
    WHERE m.org_id = p_org_id AND m.id = p_message_id
    RETURNING * INTO v_text;

    IF p_result = 'opted_out' THEN
        PERFORM opt_out_of_sms(p_org_id, v_text.phone);
    ELSIF p_result = 'config' THEN
        UPDATE orgs SET sms_paused_reason = coalesce(p_error_code, 'config'), sms_paused_at = now()
        WHERE id = p_org_id AND sms_paused_reason IS NULL;
        IF FOUND THEN
            v_outbox := sms_event(v_text, 'sms.paused', coalesce(p_error_code, 'config'));
        END IF;
    END IF;
    IF v_state IN ('failed', 'expired', 'suppressed') THEN
        v_outbox := v_outbox || sms_event(v_text, 'sms.failed', coalesce(p_error_code, p_result));
    END IF;
    RETURN jsonb_build_object('recorded', true, 'state', v_state, 'outbox', v_outbox);
END
$$;
