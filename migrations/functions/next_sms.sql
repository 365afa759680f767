-- What the worker must do about an outbox row: delete (texts of somebody who was erased, at Twilio), send, reconcile (ask Twilio whether an attempt arrived), fetch (ask
-- Twilio what became of one it has), or skip.
-- May be asked any number of times. Reference: docs/sms.md, docs/state-machines.md.
--
-- Also acknowledges the row: it has evidently arrived, and from here on the text's own row, which dispatch sweeps,
-- answers for it.
CREATE OR REPLACE FUNCTION frontdesk.next_sms(p_org_id uuid, p_outbox_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_row    outbox;
    v_id     uuid;
    v_text   sms_messages;
    v_action text := 'skip';
    v_reason text;
    v_outbox jsonb := '[]';
BEGIN
    v_org := act_for(p_org_id);
    UPDATE outbox x SET sent_at = coalesce(x.sent_at, now()) WHERE x.org_id = p_org_id AND x.id = p_outbox_id AND x.sent_at IS NULL;
    SELECT * INTO v_row FROM outbox x WHERE x.org_id = p_org_id AND x.id = p_outbox_id;
    IF v_row.queue = 'sms' AND v_row.kind = 'contact.erased' THEN
        RETURN jsonb_build_object('action', 'delete', 'org', sms_org_json(v_org), 'twilio_sids', due_twilio_deletions(p_org_id, v_row.aggregate_id));
    END IF;
    v_reason := CASE
        WHEN v_row.id IS NULL THEN 'unknown_row'
        WHEN v_row.queue <> 'sms' OR v_row.kind NOT IN ('appointment.booked', 'appointment.rescheduled', 'appointment.cancelled',
            'follow_up.missed', 'appointment.reminder', 'sms.again') THEN 'other_kind'
        WHEN v_org.sms_sender IS NULL AND v_row.kind NOT IN ('appointment.reminder', 'sms.again') THEN 'no_sender'
    END;
    IF v_reason IS NULL THEN
        v_id := text_for_outbox(v_org, v_row);
        SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = v_id FOR UPDATE;
        v_reason := CASE
            WHEN NOT FOUND THEN 'no_phone'
            WHEN v_text.state = 'claimed' AND v_text.claimed_at > now() - interval '90 seconds' THEN 'claimed'
            -- Swept because its end was never told; what woke it for an earlier reason, and comes twice, is done.
            WHEN v_text.state IN ('accepted', 'sent') AND v_row.kind = 'sms.again'
                 AND v_text.claimed_at <= now() - interval '1 hour' THEN NULL
            WHEN v_text.state NOT IN ('queued', 'claimed', 'unknown', 'retry') THEN 'done'
            WHEN v_text.state IN ('unknown', 'claimed') AND v_org.sms_paused_reason IS NOT NULL THEN 'paused'
            WHEN v_text.state <> 'claimed' AND v_text.next_at > now() THEN 'not_due'
        END;
    END IF;
    IF v_reason IS NULL AND v_text.state IN ('accepted', 'sent') THEN
        v_action := 'fetch';
    ELSIF v_reason IS NULL AND v_text.state IN ('claimed', 'unknown') THEN
        -- A claim this old is a worker that died between claim and record: Twilio may have the text.
        UPDATE sms_messages m SET state = 'unknown', updated_at = now()
        WHERE m.org_id = p_org_id AND m.id = v_text.id RETURNING * INTO v_text;
        v_action := 'reconcile';
    ELSIF v_reason IS NULL THEN
        v_reason := sms_obstacle(v_org, v_text);
        IF v_reason IS NULL THEN
            v_action := 'send';
        ELSE
            v_outbox := put_sms_aside(v_org, v_text, v_reason);
        END IF;
    END IF;
    RETURN jsonb_build_object(
        'action', v_action, 'reason', v_reason, 'org', sms_org_json(v_org), 'outbox', v_outbox,
        'appointment', CASE WHEN v_text.appointment_id IS NOT NULL THEN appointment_json(p_org_id, v_text.appointment_id) END,
        'follow_up', CASE WHEN v_text.follow_up_id IS NOT NULL THEN jsonb_build_object('id', v_text.follow_up_id) END,
        'template', sms_template(p_org_id, v_text.kind, v_text.language),
        'message', CASE WHEN v_text.id IS NOT NULL THEN jsonb_build_object(
            'id', v_text.id, 'kind', v_text.kind, 'phone', v_text.phone, 'language', v_text.language, 'version', v_text.version,
            'attempt', v_text.attempt, 'state', v_text.state, 'claimed_at', v_text.claimed_at, 'created_at', v_text.created_at,
            'valid_until', v_text.valid_until, 'valid_seconds', ceil(extract(epoch FROM v_text.valid_until - now()))::integer,
            'body', v_text.body, 'sender', v_text.sender, 'looks', v_text.looks, 'twilio_sid', v_text.twilio_sid,
            -- Whether the wording owes an opt-out hint: nothing of ours reached this number before.
            'first_to_number', NOT EXISTS (
                SELECT FROM sms_messages m
                WHERE m.org_id = p_org_id AND m.phone = v_text.phone AND m.direction = 'out' AND m.rank > 0)) END);
END
$$;
