-- Apply a status Twilio reports for an attempt; log it in any case. Callbacks come repeated, in any order, and
-- before the answer to our own call: only what raises the rank counts, so every order ends in the same state.
--
-- A text we were unsure of (claimed, unknown, waiting for another attempt) adopts Twilio's id from here and is
-- not sent again. p_retry_seconds: given for failures that may pass, which get up to two more attempts.
CREATE OR REPLACE FUNCTION frontdesk.apply_sms_status(
    p_org_id        uuid,
    p_message_id    uuid,
    p_attempt       integer,
    p_twilio_sid    text,
    p_status        text,
    p_error_code    text DEFAULT NULL,
    p_retry_seconds integer DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_rank   smallint := sms_status_rank(p_status);
    v_before sms_messages;
    v_text   sms_messages;
    v_state  text;
    v_again  timestamptz;
    v_outbox jsonb := '[]';
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_before FROM sms_messages m
    WHERE m.org_id = p_org_id AND m.id = p_message_id AND m.direction = 'out' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('applied', false, 'state', NULL, 'outbox', v_outbox);
    END IF;
    IF v_before.erased_at IS NOT NULL THEN
        PERFORM delete_at_twilio(v_before, v_before.contact_id, p_twilio_sid);
    END IF;
    INSERT INTO sms_status_log (org_id, twilio_sid, status, error_code, message_id, attempt)
    VALUES (p_org_id, p_twilio_sid, left(p_status, 40), coalesce(left(p_error_code, 40), ''), p_message_id, p_attempt)
    ON CONFLICT DO NOTHING;
    IF v_rank IS NULL OR v_rank <= v_before.rank
        OR v_before.twilio_sid <> p_twilio_sid
        -- Without an id of Twilio's it is the attempt that tells which text of ours this is about.
        OR (v_before.twilio_sid IS NULL AND (p_attempt IS DISTINCT FROM v_before.attempt OR v_before.attempt = 0
            OR EXISTS (SELECT FROM sms_messages m WHERE m.org_id = p_org_id AND m.twilio_sid = p_twilio_sid))) THEN
        RETURN jsonb_build_object('applied', false, 'state', v_before.state, 'outbox', v_outbox);
    END IF;

    v_state := CASE WHEN v_rank < 3 THEN 'accepted' WHEN p_status = 'read' THEN 'delivered' WHEN p_status = 'canceled' THEN 'failed' ELSE p_status END;
    v_again := clock_timestamp() + make_interval(secs => p_retry_seconds);
    IF v_state IN ('undelivered', 'failed') AND v_before.resends < 2 AND v_again < v_before.valid_until THEN
        v_state := 'retry';   -- rank and id stay until the next claim: stragglers of this attempt change nothing
    END IF;
    UPDATE sms_messages m
    SET state = v_state, rank = v_rank, twilio_sid = p_twilio_sid, error_code = p_error_code,
        next_at = CASE WHEN v_state = 'retry' THEN v_again ELSE m.next_at END,
        sweep_at = CASE
            WHEN v_state = 'retry' THEN v_again
            WHEN v_before.rank = 0 THEN clock_timestamp() + interval '1 hour'   -- should its end never be told
            ELSE m.sweep_at END,
        resends = m.resends + CASE WHEN v_state = 'retry' THEN 1 ELSE 0 END,
        updated_at = now()
    WHERE m.org_id = p_org_id AND m.id = p_message_id
    RETURNING * INTO v_text;
    IF v_state IN ('undelivered', 'failed') THEN
        v_outbox := sms_event(v_text, 'sms.failed', coalesce(p_error_code, p_status));
    ELSIF v_state <> 'retry' AND v_before.rank = 0 THEN
        v_outbox := sms_event(v_text, 'sms.sent', NULL);
    END IF;
    RETURN jsonb_build_object('applied', true, 'state', v_state, 'outbox', v_outbox);
END
$$;
