-- Move one appointment to another start (and provider, if named). One UPDATE: the old time is given up only
-- when the new one is secured; any refusal leaves everything as it was.
--
-- Who may: as for cancel_appointment_atomic. The rules are those of a booking; the visit keeps its length.
-- Outcomes: rescheduled (also when it already is at that time), slot_unavailable, outside_hours, too_soon,
--           too_far, in_past, unknown_provider, not_found, not_verified, multiple_found, missing_info,
--           version_conflict, not_live, key_reused. SQLSTATEs as for book_appointment_atomic.
CREATE OR REPLACE FUNCTION frontdesk.reschedule_appointment_atomic(
    p_org_id            uuid,
    p_scheduled_at      timestamptz,
    p_appointment_id    uuid DEFAULT NULL,
    p_caller_phone      text DEFAULT NULL,
    p_patient_name      text DEFAULT NULL,
    p_confirmation_code text DEFAULT NULL,
    p_provider          text DEFAULT NULL,     -- default: stays with the same one
    p_expected_version  integer DEFAULT NULL,
    p_call_id           text DEFAULT NULL,
    p_tool_call_id      text DEFAULT NULL,
    p_idempotency_key   text DEFAULT NULL,
    p_request_hash      text DEFAULT NULL,
    p_source            text DEFAULT 'voice',
    p_actor             text DEFAULT NULL,
    p_overbook_reason   text DEFAULT NULL      -- staff's: move it although nobody is free, and say why
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_key         text := coalesce(p_idempotency_key, 'call:' || p_call_id || ':' || p_tool_call_id);
    v_hash        text := coalesce(p_request_hash, md5(jsonb_build_array('move', p_appointment_id, p_caller_phone, p_patient_name, p_confirmation_code, extract(epoch FROM p_scheduled_at), p_provider)::text));
    v_org         orgs;
    v_service     services;
    v_visit       appointments;
    v_phone       text;
    v_id          uuid;
    v_provider_id uuid;
    v_left        uuid;
    v_length      interval;
    v_during      tstzrange;
    v_refusal     text;
    v_free        uuid[];
    v_overbooked  boolean := false;
    v_answer      jsonb;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'reschedule_appointment_atomic needs READ COMMITTED' USING ERRCODE = '22023';
    END IF;
    IF p_overbook_reason IS NOT NULL AND p_source <> 'staff' THEN
        RAISE EXCEPTION 'only staff may overbook' USING ERRCODE = '22023';
    END IF;
    v_org := act_for(p_org_id);
    IF p_scheduled_at IS NULL THEN RETURN '{"outcome": "missing_info", "field": "scheduled_at"}'; END IF;
    v_answer := stored_answer(p_org_id, v_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    SELECT t.o_id, t.o_answer INTO v_id, v_answer
    FROM appointment_to_change(p_org_id, p_appointment_id, p_caller_phone, p_patient_name, p_confirmation_code, p_call_id) AS t;
    IF v_id IS NULL THEN
        RETURN v_answer;
    END IF;

    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = v_id;
    SELECT s.* INTO v_service FROM services s WHERE s.org_id = p_org_id AND s.id = v_visit.service_id;
    SELECT c.phone INTO v_phone FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_visit.contact_id;
    v_provider_id := v_visit.provider_id;
    IF p_provider IS NOT NULL THEN
        v_provider_id := find_provider(p_org_id, p_provider);
        IF v_provider_id IS NULL OR NOT EXISTS (
            SELECT FROM provider_services ps
            WHERE ps.org_id = p_org_id AND ps.provider_id = v_provider_id AND ps.service_id = v_service.id) THEN
            RETURN unknown_provider(p_org_id, v_service, v_provider_id);
        END IF;
    END IF;

    -- Both schedules change: the one it leaves and the one it enters. Then read what is there now.
    v_left := v_visit.provider_id;
    PERFORM lock_schedule(p_org_id, ARRAY[v_left, v_provider_id], v_phone);
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = v_id FOR UPDATE;
    v_answer := stored_answer(p_org_id, v_key, v_hash);   -- a twin may have finished while we waited
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    IF v_visit.status NOT IN ('pending', 'confirmed', 'arrived') THEN
        RETURN jsonb_build_object('outcome', CASE WHEN v_visit.status = 'cancelled' THEN 'not_found' ELSE 'not_live' END);
    -- Moved to another provider while we waited: that schedule is not locked, and "stays with the same one"
    -- would take it back to the provider it just left.
    ELSIF p_expected_version <> v_visit.version OR v_visit.provider_id NOT IN (v_left, v_provider_id) THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'appointment', appointment_json(p_org_id, v_id));
    ELSIF v_visit.starts_at = p_scheduled_at AND (p_provider IS NULL OR v_visit.provider_id = v_provider_id) THEN
        RETURN jsonb_build_object('outcome', 'rescheduled', 'today', (now() AT TIME ZONE v_org.time_zone)::date,
            'appointment', appointment_json(p_org_id, v_id));
    END IF;

    v_length := v_visit.ends_at - v_visit.starts_at;
    v_during := tstzrange(p_scheduled_at - (v_visit.starts_at - lower(v_visit.during)),
                          p_scheduled_at + v_length + (upper(v_visit.during) - v_visit.ends_at));
    IF p_source = 'calendar' THEN
        v_org.minimum_notice_minutes := 0;     -- notice is for the provider's sake, and this is the provider
    END IF;
    v_refusal := time_refusal(v_org, p_scheduled_at);
    IF v_refusal IS NULL THEN
        v_free := free_providers(p_org_id, v_org.time_zone, v_service.id, ARRAY[v_provider_id],
            p_scheduled_at, p_scheduled_at + v_length, v_during, v_id);
    END IF;
    IF v_refusal IS NOT NULL OR v_free = '{}' THEN
        -- Overbooking is for a day that is too full, not for a time or a provider nobody can come to.
        v_overbooked := p_overbook_reason IS NOT NULL AND coalesce(v_refusal IN ('too_soon', 'off_grid'), true)
            AND EXISTS (SELECT FROM providers p WHERE p.org_id = p_org_id AND p.id = v_provider_id AND p.active);
    END IF;
    IF NOT v_overbooked AND (v_refusal IS NOT NULL OR v_free = '{}') THEN
        RETURN refusal(v_org, v_service, ARRAY[v_provider_id], p_scheduled_at, v_length, v_refusal, v_id);
    END IF;

    UPDATE appointments a
    SET starts_at = p_scheduled_at, ends_at = p_scheduled_at + v_length, during = v_during,
        provider_id = p.id, provider_no = p.provider_no,
        status = 'pending',                    -- the patient confirmed the old time, not this one
        overbooked = v_overbooked, version = a.version + 1, time_version = a.version + 1, time_set_at = now(),
        last_call_id = coalesce(p_call_id, a.last_call_id), updated_at = now()
    FROM providers p
    WHERE a.org_id = p_org_id AND a.id = v_id AND p.org_id = p_org_id AND p.id = v_provider_id;
    v_answer := jsonb_build_object('outcome', 'rescheduled', 'today', (now() AT TIME ZONE v_org.time_zone)::date,
        'appointment', appointment_json(p_org_id, v_id));
    IF v_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (org_id, key, request_hash, answer) VALUES (p_org_id, v_key, v_hash, v_answer)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN   -- another appointment was changed with this key meanwhile: undo, and let the retry be told
            RAISE EXCEPTION 'idempotency key taken while the change was made' USING ERRCODE = '40001';
        END IF;
    END IF;
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'appointment.rescheduled', v_id, NULL, v_visit.contact_id, v_visit.version + 1, p_call_id, coalesce(p_actor, p_source),
        jsonb_build_object('starts_at', p_scheduled_at, 'provider_id', v_provider_id,
                           'previous_starts_at', v_visit.starts_at, 'previous_provider_id', v_visit.provider_id)
            || CASE WHEN v_overbooked THEN jsonb_build_object('overbooked', true, 'reason', left(btrim(p_overbook_reason), 500)) ELSE '{}' END,
        '{sms,calendar,notify}'));
END
$$;
