-- Cancel one appointment; its time is free for the next caller at once.
--
-- Who may: p_appointment_id for staff and the patient's own page; a caller by number and second factor.
-- Outcomes: cancelled (also when it already was), not_found, not_verified, multiple_found, missing_info,
--           version_conflict (with the current row), not_live (already completed or no-show), key_reused.
CREATE OR REPLACE FUNCTION frontdesk.cancel_appointment_atomic(
    p_org_id            uuid,
    p_appointment_id    uuid DEFAULT NULL,
    p_caller_phone      text DEFAULT NULL,
    p_patient_name      text DEFAULT NULL,
    p_confirmation_code text DEFAULT NULL,
    p_reason            text DEFAULT NULL,
    p_expected_version  integer DEFAULT NULL,
    p_call_id           text DEFAULT NULL,
    p_tool_call_id      text DEFAULT NULL,
    p_idempotency_key   text DEFAULT NULL,
    p_request_hash      text DEFAULT NULL,
    p_source            text DEFAULT 'voice',
    p_actor             text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_key    text := coalesce(p_idempotency_key, 'call:' || p_call_id || ':' || p_tool_call_id);
    v_hash   text := coalesce(p_request_hash, md5(jsonb_build_array('cancel', p_appointment_id, p_caller_phone, p_patient_name, p_confirmation_code)::text));
    v_zone   text;
    v_id     uuid;
    v_answer jsonb;
    v_visit  appointments;
    v_phone  text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'cancel_appointment_atomic needs READ COMMITTED' USING ERRCODE = '22023';
    END IF;
    v_zone := (act_for(p_org_id)).time_zone;
    v_answer := stored_answer(p_org_id, v_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT t.o_id, t.o_answer INTO v_id, v_answer
    FROM appointment_to_change(p_org_id, p_appointment_id, p_caller_phone, p_patient_name, p_confirmation_code, p_call_id) AS t;
    IF v_id IS NULL THEN
        RETURN v_answer;
    END IF;

    -- Lock first, then read what is there now.
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = v_id;
    SELECT c.phone INTO v_phone FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_visit.contact_id;
    PERFORM lock_schedule(p_org_id, ARRAY[v_visit.provider_id], v_phone);
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = v_id FOR UPDATE;

    IF v_visit.status = 'cancelled' THEN
        RETURN coalesce(stored_answer(p_org_id, v_key, v_hash), jsonb_build_object(
            'outcome', 'cancelled', 'today', (now() AT TIME ZONE v_zone)::date, 'appointment', appointment_json(p_org_id, v_id)));
    ELSIF v_visit.status NOT IN ('pending', 'confirmed', 'arrived') THEN
        RETURN jsonb_build_object('outcome', 'not_live', 'appointment', appointment_json(p_org_id, v_id));
    ELSIF p_expected_version <> v_visit.version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'appointment', appointment_json(p_org_id, v_id));
    END IF;

    UPDATE appointments a
    SET status = 'cancelled', version = a.version + 1, last_call_id = coalesce(p_call_id, a.last_call_id), updated_at = now()
    WHERE a.org_id = p_org_id AND a.id = v_id;
    v_answer := jsonb_build_object('outcome', 'cancelled', 'today', (now() AT TIME ZONE v_zone)::date,
        'appointment', appointment_json(p_org_id, v_id));
    IF v_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (org_id, key, request_hash, answer) VALUES (p_org_id, v_key, v_hash, v_answer)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN   -- another appointment was changed with this key meanwhile: undo, and let the retry be told
            RAISE EXCEPTION 'idempotency key taken while the change was made' USING ERRCODE = '40001';
        END IF;
    END IF;
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'appointment.cancelled', v_id, NULL, v_visit.contact_id, v_visit.version + 1, p_call_id, coalesce(p_actor, p_source),
        jsonb_strip_nulls(jsonb_build_object('starts_at', v_visit.starts_at, 'provider_id', v_visit.provider_id, 'reason', left(p_reason, 500))),
        '{sms,calendar,notify}'));
END
$$;
