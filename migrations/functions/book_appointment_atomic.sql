-- Book one appointment, or say why not and what is free instead. THE booking function: the only one.
-- Reference: docs/booking-function.md. The seven leading parameters are the original's.
--
-- Outcomes: booked, already_booked, slot_unavailable, outside_hours, too_soon, too_far, in_past,
--           unknown_service, unknown_provider, too_many, missing_info, key_reused.
-- SQLSTATEs: 55P03 the schedule stayed locked for 3 s (try again); 23P01 a writer that skipped the lock holds
--           the slot (try again, it will be slot_unavailable); 22023 unknown org, or not READ COMMITTED.
--
-- Why it is shaped like this (each point was measured, docs/booking-function.md):
--   1. look without the lock, so that most losers of a race never wait for it;
--   2. pg_advisory_xact_lock on the provider (in lock_schedule), as a statement of its own;
--   3. look again: VOLATILE and READ COMMITTED give this statement a new snapshot;
--   4. write; the exclusion constraint is the second wall;
--   5. ask whether this is a repetition only on the way to a refusal, or when the key turns out taken.
CREATE OR REPLACE FUNCTION frontdesk.book_appointment_atomic(
    p_org_id           uuid,
    p_patient_name     text,
    p_patient_email    text,
    p_patient_phone    text,
    p_service_type     text,
    p_scheduled_at     timestamptz,
    p_duration_minutes integer,
    p_provider         text DEFAULT NULL,     -- id or name; null: any free one, fairly chosen
    p_call_id          text DEFAULT NULL,     -- Vapi's
    p_tool_call_id     text DEFAULT NULL,
    p_idempotency_key  text DEFAULT NULL,     -- default: made of the call and the tool call
    p_request_hash     text DEFAULT NULL,     -- of the request as it came in; default: of the arguments here
    p_source           text DEFAULT 'voice',
    p_actor            text DEFAULT NULL,     -- default: the source
    p_notes            text DEFAULT NULL,
    p_date_of_birth    date DEFAULT NULL,
    p_is_new_patient   boolean DEFAULT NULL,
    p_overbook_reason  text DEFAULT NULL      -- staff's: book although nobody is free, and say why
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_name          text := nullif(btrim(regexp_replace(p_patient_name, '[[:cntrl:][:space:]]+', ' ', 'g')), '');
    v_email         text := nullif(lower(btrim(p_patient_email)), '');
    v_phone         text := regexp_replace(p_patient_phone, '[^+0-9]', '', 'g');
    v_key           text := coalesce(p_idempotency_key, 'call:' || p_call_id || ':' || p_tool_call_id);
    v_hash          text := coalesce(p_request_hash, md5(jsonb_build_array(v_phone, lower(v_name), p_service_type, p_provider,
                                                                             extract(epoch FROM p_scheduled_at), p_duration_minutes)::text));
    v_org           orgs;
    v_service       services;
    v_provider_id   uuid;                       -- null: any
    v_provider_no   bigint;
    v_provider_name text;
    v_taken         boolean;
    v_length        interval;
    v_during        tstzrange;
    v_refusal       text;
    v_free          uuid[];
    v_overbooked    boolean := false;
    v_contact_id    uuid;
    v_same          uuid;
    v_known         boolean;
    v_live          bigint;
    v_then          uuid[];
    v_id            uuid;
    v_answer        jsonb;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'book_appointment_atomic needs READ COMMITTED: in % a waiter cannot see what it waited for',
            current_setting('transaction_isolation') USING ERRCODE = '22023';
    END IF;
    -- act_for, written out: every booking passes here, and a call of a function is a statement more.
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_org FROM orgs WHERE id = p_org_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown org %', p_org_id USING ERRCODE = '22023';
    END IF;

    -- What is missing, one field at a time: the agent asks for one thing at a time.
    IF v_name IS NULL THEN RETURN '{"outcome": "missing_info", "field": "patient_name"}'; END IF;
    IF v_org.region IN ('US', 'CA') AND v_phone ~ '^1?[2-9][0-9]{9}$' THEN
        v_phone := '+1' || right(v_phone, 10);   -- Python reads every region's numbers; this much is plain SQL's
    END IF;
    IF v_phone IS NULL OR v_phone !~ '^\+[1-9][0-9]{6,14}$' THEN RETURN '{"outcome": "missing_info", "field": "patient_phone"}'; END IF;
    IF p_scheduled_at IS NULL THEN RETURN '{"outcome": "missing_info", "field": "scheduled_at"}'; END IF;
    IF p_duration_minutes NOT BETWEEN 5 AND 480 THEN RETURN '{"outcome": "missing_info", "field": "duration_minutes"}'; END IF;
    v_name := btrim(left(v_name, 120));
    IF v_name IN (lower(v_name), upper(v_name)) THEN v_name := initcap(v_name); END IF;
    IF v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' OR length(v_email) > 254 THEN v_email := NULL; END IF;   -- never blocks a booking

    v_service := find_service(p_org_id, p_service_type);
    IF v_service.id IS NULL THEN
        -- A repetition is told what the first call was told, though the clinic has dropped the service since.
        RETURN coalesce(stored_answer(p_org_id, v_key, v_hash), jsonb_build_object('outcome', 'unknown_service', 'services',
            (SELECT coalesce(jsonb_agg(s.name ORDER BY s.name), '[]') FROM services s WHERE s.org_id = p_org_id AND s.active)));
    END IF;
    v_length := make_interval(mins => coalesce(p_duration_minutes, v_service.duration_minutes));
    v_during := tstzrange(p_scheduled_at - make_interval(mins => v_service.buffer_before_minutes),
                          p_scheduled_at + v_length + make_interval(mins => v_service.buffer_after_minutes));
    IF p_provider IS NOT NULL THEN
        v_provider_id := find_provider(p_org_id, p_provider);
        -- Does this provider offer it, what the answer tells of them, and the first look: is it taken? One statement.
        SELECT p.provider_no, p.name, EXISTS (
                   SELECT FROM appointments a
                   WHERE a.org_id = p_org_id AND a.provider_id = v_provider_id
                     AND a.starts_at > lower(v_during) - interval '10 hours' AND a.starts_at < upper(v_during) + interval '2 hours'
                     AND a.during && v_during AND a.status IN ('pending', 'confirmed', 'arrived'))
        INTO v_provider_no, v_provider_name, v_taken
        FROM providers p
        JOIN provider_services ps ON ps.org_id = p_org_id AND ps.provider_id = p.id AND ps.service_id = v_service.id
        WHERE p.org_id = p_org_id AND p.id = v_provider_id;
        IF NOT FOUND THEN
            RETURN coalesce(stored_answer(p_org_id, v_key, v_hash), unknown_provider(p_org_id, v_service, v_provider_id));
        END IF;
    END IF;
    IF p_overbook_reason IS NOT NULL THEN
        IF p_source <> 'staff' THEN
            RAISE EXCEPTION 'only staff may overbook' USING ERRCODE = '22023';
        ELSIF p_provider IS NULL THEN
            RETURN '{"outcome": "missing_info", "field": "provider"}';   -- whose day gets too full is a person's choice
        END IF;
        PERFORM lock_schedule(p_org_id, ARRAY[v_provider_id], v_phone);   -- what follows may write without having locked
    END IF;
    v_refusal := time_refusal(v_org, p_scheduled_at);
    IF v_refusal IS NULL THEN
        -- 1. Look without the lock. Of a provider who was named only the visits were looked at: they are what makes
        --    many callers lose at once, and the whole rule is asked under the lock anyway.
        IF v_provider_id IS NULL THEN
            v_free := free_providers(p_org_id, v_org.time_zone, v_service.id, NULL, p_scheduled_at, p_scheduled_at + v_length, v_during, NULL);
        ELSE
            v_free := CASE WHEN v_taken THEN '{}' ELSE ARRAY[v_provider_id] END;
        END IF;
        IF v_free <> '{}' THEN
            -- 2. Lock.  3. Look again.
            PERFORM lock_schedule(p_org_id, v_free, v_phone);
            v_free := free_providers(p_org_id, v_org.time_zone, v_service.id, v_free,
                p_scheduled_at, p_scheduled_at + v_length, v_during, NULL);
        END IF;
    END IF;

    -- The caller's own visits: the limit, and the same visit asked for once more.
    SELECT c.id,
           count(a.id) FILTER (WHERE a.starts_at > now()),
           array_agg(a.id) FILTER (WHERE a.starts_at = p_scheduled_at)
    INTO v_contact_id, v_live, v_then
    FROM contacts c
    LEFT JOIN appointments a ON a.org_id = c.org_id AND a.contact_id = c.id
        AND a.status IN ('pending', 'confirmed', 'arrived') AND a.starts_at > now() - interval '1 day'
    WHERE c.org_id = p_org_id AND c.phone = v_phone
    GROUP BY c.id;
    IF v_then IS NOT NULL THEN
        SELECT a.id INTO v_same
        FROM appointments a
        WHERE a.org_id = p_org_id AND a.id = ANY (v_then)
          -- Another name in the same call is a misheard name only where nobody else is free;
          -- otherwise it is the second child of one parent.
          AND (name_key(a.patient_name) = name_key(v_name)
               OR (a.call_id = p_call_id AND coalesce(v_free, '{}') = '{}'))
        LIMIT 1;
    END IF;

    IF v_refusal IS NOT NULL OR v_free = '{}' OR v_same IS NOT NULL OR v_live >= v_org.live_appointments_per_contact THEN
        -- 5. On the way to a refusal: is it a repetition?
        v_answer := stored_answer(p_org_id, v_key, v_hash);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
        IF v_same IS NOT NULL THEN
            RETURN jsonb_build_object('outcome', 'already_booked', 'today', (now() AT TIME ZONE v_org.time_zone)::date,
                'appointment', appointment_json(p_org_id, v_same));
        END IF;
        -- Overbooking is for a day that is too full, not for a time nobody can come at.
        v_overbooked := p_overbook_reason IS NOT NULL AND coalesce(v_refusal IN ('too_soon', 'off_grid'), true);
        IF v_overbooked OR (v_refusal IS NULL AND v_free <> '{}') THEN
            IF v_live >= v_org.live_appointments_per_contact THEN
                RETURN jsonb_build_object('outcome', 'too_many', 'limit', v_org.live_appointments_per_contact);
            END IF;
        ELSE
            RETURN refusal(v_org, v_service, CASE WHEN v_provider_id IS NOT NULL THEN ARRAY[v_provider_id] END,
                p_scheduled_at, v_length, v_refusal, NULL);
        END IF;
    END IF;

    -- 4. Write. The answer is complete before the first row, so that the key can carry it.
    IF p_provider IS NULL THEN
        v_provider_id := v_free[1];
        SELECT p.provider_no, p.name INTO v_provider_no, v_provider_name FROM providers p WHERE p.org_id = p_org_id AND p.id = v_provider_id;
    END IF;
    v_id := new_id();
    v_known := v_contact_id IS NOT NULL;
    v_contact_id := coalesce(v_contact_id, new_id());
    v_answer := jsonb_build_object(
        'outcome', 'booked',
        'today', (now() AT TIME ZONE v_org.time_zone)::date,
        'appointment', jsonb_build_object(
            'id', v_id, 'status', 'pending', 'version', 1,
            'starts_at', p_scheduled_at, 'ends_at', p_scheduled_at + v_length,
            'provider_id', v_provider_id, 'provider_name', v_provider_name,
            'service_id', v_service.id, 'service_name', v_service.name,
            'contact_id', v_contact_id, 'patient_name', v_name,
            'confirmation_code', lpad(((hashtextextended(gen_random_uuid()::text, 0) & 2147483647) % 10000)::text, 4, '0')));
    IF v_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (org_id, key, request_hash, answer)
        VALUES (p_org_id, v_key, v_hash, v_answer)
        ON CONFLICT DO NOTHING;               -- waits for a twin that is about to commit
        IF NOT FOUND THEN
            RETURN stored_answer(p_org_id, v_key, v_hash);
        END IF;
    END IF;
    -- What staff or an earlier call wrote down stays; only gaps are filled.
    IF NOT v_known OR v_email IS NOT NULL OR p_date_of_birth IS NOT NULL THEN
        INSERT INTO contacts AS c (org_id, id, phone, name, email, date_of_birth)
        VALUES (p_org_id, v_contact_id, v_phone, v_name, v_email, p_date_of_birth)
        ON CONFLICT (org_id, phone) DO UPDATE
            SET email = coalesce(c.email, excluded.email), date_of_birth = coalesce(c.date_of_birth, excluded.date_of_birth), updated_at = now()
            WHERE (c.email IS NULL AND excluded.email IS NOT NULL) OR (c.date_of_birth IS NULL AND excluded.date_of_birth IS NOT NULL);
    END IF;
    INSERT INTO appointments (org_id, id, provider_id, provider_no, contact_id, service_id, patient_name, is_new_patient,
                              starts_at, ends_at, during, overbooked, confirmation_code, source, call_id, last_call_id, notes)
    VALUES (p_org_id, v_id, v_provider_id, v_provider_no, v_contact_id, v_service.id, v_name, p_is_new_patient,
            p_scheduled_at, p_scheduled_at + v_length, v_during, v_overbooked, v_answer #>> '{appointment,confirmation_code}',
            p_source, p_call_id, p_call_id, left(p_notes, 2000));
    PERFORM close_leads(p_org_id, v_phone, v_contact_id, v_id);
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'appointment.booked', v_id, NULL, v_contact_id, 1, p_call_id, coalesce(p_actor, p_source),
        CASE WHEN v_overbooked
             THEN jsonb_build_object('starts_at', p_scheduled_at, 'provider_id', v_provider_id,
                                     'overbooked', true, 'reason', left(btrim(p_overbook_reason), 500))
             ELSE jsonb_build_object('starts_at', p_scheduled_at, 'provider_id', v_provider_id) END,
        '{sms,calendar,notify}'));
END
$$;
