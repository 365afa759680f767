-- Take in a patient's text: keep it, do what it means, and say what to reply. Twilio may deliver it twice; the
-- second gets the first one's answer and changes nothing.
--
-- p_intent: confirm, stop, start, help, reschedule, other (functions/sms_worker/replies.py reads the words).
-- reply: confirmed, nothing_to_confirm, stopped, started, help, reschedule_link, reschedule, none. The link to the
-- visit's page is made by who writes the reply: its token is never stored.
CREATE OR REPLACE FUNCTION frontdesk.receive_sms(
    p_org_id     uuid,
    p_twilio_sid text,
    p_from       text,
    p_to         text,
    p_body       text,
    p_intent     text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_text   sms_messages;
    v_visit  uuid;
    v_done   jsonb;
    v_reply  text;
    v_outbox jsonb := '[]';
    v_answer jsonb;
    v_silent boolean;                             -- has opted out: hears nothing from us
BEGIN
    IF p_intent IS NULL OR p_intent NOT IN ('confirm', 'stop', 'start', 'help', 'reschedule', 'other') THEN
        RAISE EXCEPTION 'unknown intent %', p_intent USING ERRCODE = '22023';
    END IF;
    v_org := act_for(p_org_id);
    INSERT INTO webhook_seen (org_id, source, id, answer) VALUES (p_org_id, 'twilio', p_twilio_sid, '{}')
    ON CONFLICT DO NOTHING;   -- waits for a twin that is about to commit
    IF NOT FOUND THEN
        RETURN (SELECT w.answer || '{"replayed": true}' FROM webhook_seen w
                WHERE w.org_id = p_org_id AND w.source = 'twilio' AND w.id = p_twilio_sid);
    END IF;

    -- The patient's lock: after it, nothing waiting for somebody who says STOP can be claimed (claim_sms).
    PERFORM lock_schedule(p_org_id, '{}', p_from);
    INSERT INTO sms_messages (org_id, id, direction, kind, contact_id, dedupe_key, phone, sender, language, body, state,
                              twilio_sid, next_at, sweep_at, valid_until)
    VALUES (p_org_id, new_id(), 'in', 'reply', (SELECT c.id FROM contacts c WHERE c.org_id = p_org_id AND c.phone = p_from),
            'in:' || p_twilio_sid, p_from, p_to, v_org.language, left(p_body, 1600), 'received', p_twilio_sid, now(), now(), now())
    RETURNING * INTO v_text;

    v_silent := is_opted_out(p_org_id, p_from);
    IF p_intent = 'stop' THEN
        v_reply := 'stopped';
        -- Said twice it is one opting out, and the second is a text like any other.
        v_outbox := sms_event(v_text, CASE WHEN v_silent THEN 'sms.received' ELSE 'sms.opted_out' END, CASE WHEN v_silent THEN p_intent END);
        PERFORM opt_out_of_sms(p_org_id, p_from);
    ELSIF p_intent = 'start' THEN
        v_reply := 'started';
        DELETE FROM sms_opt_outs x WHERE x.org_id = p_org_id AND x.phone = p_from;
        UPDATE erased_people e SET opted_out = false WHERE e.org_id = p_org_id AND e.phone_hash = phone_hash(p_org_id, p_from) AND e.opted_out;
        v_outbox := sms_event(v_text, 'sms.opted_in', NULL);
    ELSIF p_intent = 'confirm' THEN
        v_visit := visit_to_confirm(p_org_id, p_from);
        v_done := confirm_appointment(p_org_id, v_visit, 'patient');
        v_reply := CASE v_done ->> 'outcome' WHEN 'confirmed' THEN 'confirmed' ELSE 'nothing_to_confirm' END;
        v_outbox := coalesce(v_done -> 'outbox', sms_event(v_text, 'sms.received', p_intent));
    ELSIF p_intent = 'reschedule' THEN
        v_visit := visit_to_confirm(p_org_id, p_from);
        IF v_visit IS NOT NULL AND NOT v_silent THEN
            v_reply := 'reschedule_link';
            v_outbox := sms_event(v_text, 'sms.received', p_intent);
        ELSE
            -- Nothing a link could lead to, or nobody we may send it to: somebody calls.
            v_reply := 'reschedule';
            v_done := create_follow_up(p_org_id, 'Answered a text with R: would like to move the visit.', now(), p_from,
                (SELECT a.patient_name FROM appointments a WHERE a.org_id = p_org_id AND a.id = v_visit),
                'same_day', p_idempotency_key => 'sms:' || p_twilio_sid, p_source => 'patient');
            v_outbox := coalesce(v_done -> 'outbox', '[]');
        END IF;
    ELSE
        v_reply := CASE p_intent WHEN 'help' THEN 'help' ELSE 'none' END;
        v_outbox := sms_event(v_text, 'sms.received', p_intent);
    END IF;
    IF v_silent AND p_intent IN ('confirm', 'reschedule', 'help') THEN
        v_reply := 'none';   -- what was asked is done; Twilio would refuse to say so
    END IF;
    UPDATE sms_messages m SET appointment_id = v_visit WHERE m.org_id = p_org_id AND m.id = v_text.id AND v_visit IS NOT NULL;
    v_answer := jsonb_build_object(
        'reply', v_reply, 'org', sms_org_json(v_org), 'language', v_org.language,
        'template', sms_template(p_org_id, v_reply, v_org.language),
        'appointment', CASE WHEN v_visit IS NOT NULL THEN appointment_json(p_org_id, v_visit) END);
    UPDATE webhook_seen w SET answer = v_answer WHERE w.org_id = p_org_id AND w.source = 'twilio' AND w.id = p_twilio_sid;
    RETURN v_answer || jsonb_build_object('outbox', v_outbox);
END
$$;
