-- Send a text once more that did not arrive, as a new one of its own. Outcomes: queued (with the new text; again, with
-- the same one, while that is on its way or has arrived), not_found, not_resendable (with a reason).
--
-- Reasons: not_outgoing, not_failed, not_live (what it tells is over or gone), expired, opted_out, paused, no_sender.
-- The new one tells what is true now, not what was true then: the worker words it from the current appointment.
CREATE OR REPLACE FUNCTION frontdesk.resend_sms(p_org_id uuid, p_message_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org    orgs;
    v_old    sms_messages;
    v_text   sms_messages;
    v_first  uuid;      -- the text all these are repetitions of: its row is the lock, its id the key of them all
    v_try    integer := 0;
    v_reason text;
    v_row    bigint;
BEGIN
    v_org := act_for(p_org_id);
    SELECT CASE WHEN m.dedupe_key LIKE 'resend:%' THEN split_part(m.dedupe_key, ':', 2)::uuid ELSE m.id END INTO v_first
    FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id;
    SELECT * INTO v_old FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = v_first FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF v_old.direction <> 'out' THEN
        RETURN '{"outcome": "not_resendable", "reason": "not_outgoing"}';
    END IF;
    LOOP   -- the newest of them
        SELECT * INTO v_text FROM sms_messages m WHERE m.org_id = p_org_id AND m.dedupe_key = 'resend:' || v_first || ':' || (v_try + 1);
        EXIT WHEN NOT FOUND;
        v_old := v_text;
        v_try := v_try + 1;
    END LOOP;
    IF v_old.state NOT IN ('undelivered', 'failed', 'cancelled', 'expired', 'suppressed') THEN
        IF v_try > 0 THEN   -- a second click
            RETURN jsonb_build_object('outcome', 'queued', 'message', message_json(v_old), 'outbox', '[]'::jsonb);
        END IF;
        RETURN '{"outcome": "not_resendable", "reason": "not_failed"}';
    END IF;

    v_text := v_old;
    v_text.id := new_id();
    v_text.dedupe_key := 'resend:' || v_first || ':' || (v_try + 1);
    v_text.valid_until := now() + interval '12 hours';
    IF v_text.appointment_id IS NOT NULL THEN
        SELECT a.version, least(CASE v_old.kind WHEN 'reminder' THEN a.starts_at - interval '30 minutes' ELSE a.starts_at END,
                                now() + interval '48 hours'), c.phone
        INTO v_text.version, v_text.valid_until, v_text.phone
        FROM appointments a JOIN contacts c ON c.org_id = a.org_id AND c.id = a.contact_id
        WHERE a.org_id = p_org_id AND a.id = v_text.appointment_id;
    END IF;
    v_reason := sms_obstacle(v_org, v_text);
    IF v_reason <> 'quiet' THEN   -- in quiet hours it waits like any other
        RETURN jsonb_build_object('outcome', 'not_resendable', 'reason', CASE v_reason WHEN 'moved' THEN 'not_live' ELSE v_reason END);
    END IF;
    INSERT INTO sms_messages (org_id, id, direction, kind, appointment_id, follow_up_id, contact_id, version, dedupe_key, phone, language,
                              state, next_at, sweep_at, valid_until)
    VALUES (p_org_id, v_text.id, 'out', v_text.kind, v_text.appointment_id, v_text.follow_up_id, v_text.contact_id, v_text.version,
            v_text.dedupe_key, v_text.phone, v_org.language, 'queued', now(), now() + interval '3 minutes', v_text.valid_until)
    RETURNING * INTO v_text;
    INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
    VALUES (p_org_id, 'sms', 'sms.again', v_text.id, v_text.version, 0, now() + interval '15 seconds')
    RETURNING id INTO v_row;
    RETURN jsonb_build_object('outcome', 'queued', 'message', message_json(v_text), 'outbox',
        jsonb_build_array(jsonb_build_object('id', v_row, 'queue', 'sms')) || record_change(
            p_org_id, 'sms.resent', v_text.appointment_id, v_text.follow_up_id, v_text.contact_id, v_text.version, NULL, p_actor,
            jsonb_build_object('message_id', v_text.id, 'kind', v_text.kind, 'of', v_first), '{notify}'));
END
$$;
