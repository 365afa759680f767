-- Forget a person: what is left says that somebody was here, and not who (docs/privacy.md lists it table by table).
--
-- Not while they have visits to come, unless p_cancel: then these are cancelled, and nobody is texted about it. Google's
-- events and Twilio's copies are deleted by the queues, afterwards and until it worked. What is told only later of the
-- time before (a call's report, a text's fate) is recognised and taken in without the person (is_call_of_erased,
-- apply_sms_status). The same number calling again is somebody new; a STOP outlives it (is_opted_out).
--
-- Outcomes: erased (also when they were already), not_found, has_appointments (with them).
CREATE OR REPLACE FUNCTION frontdesk.erase_contact(
    p_org_id     uuid,
    p_contact_id uuid,
    p_actor      text,
    p_cancel     boolean DEFAULT false
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_head     contacts;
    v_ids      uuid[];                           -- the person's rows: duplicates were merged into one
    v_phones   text[];
    v_visits   uuid[];
    v_coming   uuid[];
    v_one      uuid;
    v_call     calls;
    v_calls    text[] := '{}';
    v_open     uuid[];
    v_texts    integer;
    v_events   integer;
    v_outbox   jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    SELECT coalesce(c.merged_into, c.id) INTO v_one FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id;
    SELECT * INTO v_head FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_one;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    -- Lock first, then read what is there now: no visit comes meanwhile, and no text is claimed.
    PERFORM lock_schedule(p_org_id, ARRAY(
        SELECT DISTINCT a.provider_id FROM appointments a
        WHERE a.org_id = p_org_id AND a.status IN ('pending', 'confirmed', 'arrived') AND a.ends_at > now()
          AND a.contact_id IN (SELECT c.id FROM contacts c WHERE c.org_id = p_org_id AND (c.id = v_head.id OR c.merged_into = v_head.id))), v_head.phone);
    PERFORM FROM contacts c WHERE c.org_id = p_org_id AND (c.id = v_head.id OR c.merged_into = v_head.id) ORDER BY c.id FOR UPDATE;
    SELECT * INTO v_head FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_head.id;
    IF v_head.erased_at IS NOT NULL THEN
        RETURN jsonb_build_object('outcome', 'erased', 'contact', contact_json(v_head), 'cancelled', '[]'::jsonb, 'vapi_call_ids', '[]'::jsonb,
            'texts_to_delete', (SELECT count(*) FROM twilio_deletions d WHERE d.org_id = p_org_id AND d.contact_id = v_head.id),
            'calendar_events_to_delete', 0, 'outbox', '[]'::jsonb);
    END IF;
    SELECT array_agg(c.id), array_agg(c.phone::text) INTO v_ids, v_phones
    FROM contacts c WHERE c.org_id = p_org_id AND (c.id = v_head.id OR c.merged_into = v_head.id);
    SELECT coalesce(array_agg(a.id), '{}'),
           coalesce(array_agg(a.id ORDER BY a.id) FILTER (WHERE a.status IN ('pending', 'confirmed', 'arrived') AND a.ends_at > now()), '{}')
    INTO v_visits, v_coming
    FROM appointments a WHERE a.org_id = p_org_id AND a.contact_id = ANY (v_ids);
    IF v_coming <> '{}' AND NOT p_cancel THEN
        RETURN jsonb_build_object('outcome', 'has_appointments', 'appointments', board_appointments(p_org_id, v_coming));
    END IF;

    INSERT INTO erasure_salts (org_id, salt) VALUES (p_org_id, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
    ON CONFLICT DO NOTHING;
    INSERT INTO erased_people AS e (org_id, phone_hash, contact_id, opted_out)
    SELECT p_org_id, phone_hash(p_org_id, phone), v_head.id, is_opted_out(p_org_id, phone) FROM unnest(v_phones) AS phone
    ON CONFLICT (org_id, phone_hash) DO UPDATE SET contact_id = excluded.contact_id, erased_at = now(), opted_out = excluded.opted_out;
    DELETE FROM sms_opt_outs x WHERE x.org_id = p_org_id AND x.phone = ANY (v_phones);

    PERFORM FROM appointments a WHERE a.org_id = p_org_id AND a.id = ANY (v_visits) ORDER BY a.id FOR UPDATE;
    UPDATE patient_links l SET revoked_at = now()   -- nobody opens an erased person's visit any more
    WHERE l.org_id = p_org_id AND l.appointment_id = ANY (v_visits) AND l.revoked_at IS NULL;
    UPDATE appointments a SET patient_name = 'Erased', notes = NULL, is_new_patient = NULL, erased_at = now()
    WHERE a.org_id = p_org_id AND a.id = ANY (v_visits);
    FOR v_call IN
        SELECT c.* FROM calls c WHERE c.org_id = p_org_id AND (c.phone = ANY (v_phones) OR c.contact_id = ANY (v_ids)) ORDER BY c.id FOR UPDATE
    LOOP
        PERFORM erase_call(v_call);
        v_calls := v_calls || v_call.vapi_call_id;
    END LOOP;
    UPDATE contacts c
    SET phone = unused_phone(p_org_id), name = 'Erased', email = NULL, date_of_birth = NULL, erased_at = now(), version = c.version + 1, updated_at = now()
    WHERE c.org_id = p_org_id AND c.id = ANY (v_ids);
    SELECT * INTO v_head FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_head.id;
    v_texts := erase_texts(p_org_id, v_head.id, v_ids, v_phones, v_head.phone);
    v_open := erase_words(p_org_id, v_ids, v_phones, v_visits, v_calls, p_actor);
    UPDATE calendar_events e SET next_at = now() + interval '2 minutes'   -- should its message be lost
    WHERE e.org_id = p_org_id AND e.appointment_id = ANY (v_visits) AND e.state <> 'deleted';
    GET DIAGNOSTICS v_events = ROW_COUNT;

    FOREACH v_one IN ARRAY v_coming LOOP
        v_outbox := v_outbox || coalesce(cancel_appointment_atomic(p_org_id, v_one, p_source => 'staff', p_actor => p_actor) -> 'outbox', '[]');
    END LOOP;
    FOR v_one IN SELECT DISTINCT e.appointment_id FROM calendar_events e
                 WHERE e.org_id = p_org_id AND e.appointment_id = ANY (v_visits) AND e.state <> 'deleted' AND NOT e.appointment_id = ANY (v_coming) LOOP
        v_outbox := v_outbox || queue_calendar_row(p_org_id, 'calendar.write_again', v_one);
    END LOOP;
    FOREACH v_one IN ARRAY v_open LOOP
        v_outbox := v_outbox || record_change(p_org_id, 'follow_up.done', NULL, v_one, v_head.id,
            (SELECT f.version FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = v_one), NULL, p_actor, '{}', '{notify}');
    END LOOP;
    -- Nobody is texted about any of it: the number is gone.
    DELETE FROM outbox x WHERE x.org_id = p_org_id AND x.queue = 'sms' AND x.sent_at IS NULL AND x.aggregate_id = ANY (v_visits || v_open);
    SELECT coalesce(jsonb_agg(row), '[]') INTO v_outbox FROM jsonb_array_elements(v_outbox) AS row WHERE row ->> 'queue' <> 'sms';
    v_outbox := v_outbox || record_change(p_org_id, 'contact.erased', NULL, NULL, v_head.id, v_head.version, NULL, p_actor,
        jsonb_build_object('cancelled', cardinality(v_coming), 'visits', cardinality(v_visits), 'calls', cardinality(v_calls), 'texts', v_texts),
        '{sms,notify}');
    RETURN jsonb_build_object('outcome', 'erased', 'contact', contact_json(v_head), 'cancelled', to_jsonb(v_coming), 'texts_to_delete', v_texts,
        'calendar_events_to_delete', v_events, 'vapi_call_ids', to_jsonb(v_calls), 'outbox', v_outbox);
END
$$;
