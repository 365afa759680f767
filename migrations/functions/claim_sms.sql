-- Take a text for one attempt: compare-and-swap, committed before Twilio is called, so that of any number of
-- workers one sends it.
--
-- Under the patient's lock, which cancelling, moving and opting out take too: whatever of these was committed
-- before is seen here, and no text about a visit that is gone, or to somebody who said STOP, is claimed after it.
CREATE OR REPLACE FUNCTION frontdesk.claim_sms(
    p_org_id     uuid,
    p_message_id uuid,
    p_body       text,      -- 1 to 1600 characters, as it will be sent
    p_segments   integer,
    p_sender     text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_text   sms_messages;
    v_reason text;
    v_outbox jsonb := '[]';
BEGIN
    IF coalesce(length(btrim(p_body)), 0) NOT BETWEEN 1 AND 1600 THEN
        RAISE EXCEPTION 'a text has 1 to 1600 characters' USING ERRCODE = '22023';
    END IF;
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown text %', p_message_id USING ERRCODE = '22023';
    END IF;
    PERFORM lock_schedule(p_org_id, '{}', v_text.phone);
    SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id FOR UPDATE;
    SELECT * INTO v_org FROM orgs WHERE id = p_org_id;
    v_reason := CASE
        WHEN v_text.state IN ('claimed', 'unknown') THEN 'claimed'
        WHEN v_text.state NOT IN ('queued', 'retry') THEN 'done'
        WHEN v_text.next_at > clock_timestamp() THEN 'not_due'
    END;
    IF v_reason IS NULL THEN
        v_reason := sms_obstacle(v_org, v_text);
        IF v_reason IS NOT NULL THEN
            v_outbox := put_sms_aside(v_org, v_text, v_reason);
        END IF;
    END IF;
    IF v_reason IS NOT NULL THEN
        RETURN jsonb_build_object('claimed', false, 'reason', v_reason, 'outbox', v_outbox);
    END IF;
    UPDATE sms_messages m
    SET state = 'claimed', attempt = m.attempt + 1, claimed_at = clock_timestamp(), sweep_at = clock_timestamp() + interval '90 seconds',
        body = p_body, segments = p_segments, sender = coalesce(p_sender, v_org.sms_sender),
        -- A new attempt gets a new id of Twilio's and starts again at the bottom.
        rank = 0, twilio_sid = NULL, error_code = NULL, looks = 0, looked_at = NULL, updated_at = now()
    WHERE m.org_id = p_org_id AND m.id = p_message_id
    RETURNING * INTO v_text;
    RETURN jsonb_build_object('claimed', true, 'attempt', v_text.attempt,
        'valid_seconds', ceil(extract(epoch FROM v_text.valid_until - clock_timestamp()))::integer);
END
$$;
