-- Confirm, move or cancel the visit a patient's link opens, through the rules of everybody. Null for a link that opens
-- nothing; else {outcome, outbox, visit}, the visit as it is then (patient_visit_json).
--
-- p_version is the visit's as the patient saw it. What they saw of it (time, provider) is what counts: a note of the
-- staff raises the version too and is no reason to refuse. Sent twice, it is done once and answered alike.
-- Outcomes: confirmed, rescheduled, cancelled; changed (not as the patient saw it any more), too_late (it has begun, or
-- is over), taken (that start is not free any more).
CREATE OR REPLACE FUNCTION frontdesk.patient_change(
    p_token_hash  text,
    p_action      text,     -- confirm, move, cancel
    p_version     integer,
    p_starts_at   timestamptz DEFAULT NULL,
    p_provider_id uuid DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_visit    appointments := patient_link(p_token_hash);
    v_org_id   uuid := v_visit.org_id;
    v_id       uuid := v_visit.id;
    v_expected integer;
    v_answer   jsonb;
    v_outcome  text;
    v_tries    integer := 0;
BEGIN
    IF p_action NOT IN ('confirm', 'move', 'cancel') OR p_version IS NULL
       OR (p_action = 'move' AND num_nulls(p_starts_at, p_provider_id) > 0) THEN
        RAISE EXCEPTION 'not something a page asks for' USING ERRCODE = '22023';
    ELSIF v_id IS NULL THEN
        RETURN NULL;
    END IF;
    LOOP
        IF v_visit.status <> 'cancelled' AND NOT patient_may_change(v_visit) THEN
            v_outcome := 'too_late';
            EXIT;
        END IF;
        v_expected := CASE WHEN p_version BETWEEN v_visit.time_version AND v_visit.version THEN v_visit.version ELSE p_version END;
        IF p_action = 'confirm' THEN
            v_answer := confirm_appointment(v_org_id, v_id, 'patient', p_expected_version => v_expected);
        ELSIF p_action = 'cancel' THEN
            v_answer := cancel_appointment_atomic(v_org_id, v_id, p_expected_version => v_expected, p_source => 'patient');
        ELSE
            v_answer := reschedule_appointment_atomic(
                v_org_id, p_starts_at, v_id, p_provider => p_provider_id::text, p_expected_version => v_expected,
                p_idempotency_key => concat_ws(':', 'patient', v_id, p_version, extract(epoch FROM p_starts_at)::bigint, p_provider_id),
                p_source => 'patient');
        END IF;
        v_tries := v_tries + 1;
        -- A conflict over something the patient did not see (their own second click, a note): look again.
        EXIT WHEN v_answer ->> 'outcome' <> 'version_conflict' OR p_version < v_visit.time_version OR v_tries = 3;
        SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = v_org_id AND a.id = v_id;
    END LOOP;
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = v_org_id AND a.id = v_id;
    v_outcome := coalesce(v_outcome, CASE
        -- Done once, and something else since then.
        WHEN v_answer ->> 'outcome' = 'rescheduled' AND (v_visit.starts_at, v_visit.provider_id) IS DISTINCT FROM (p_starts_at, p_provider_id)
            THEN 'changed'
        WHEN v_answer ->> 'outcome' IN ('confirmed', 'rescheduled', 'cancelled') THEN v_answer ->> 'outcome'
        WHEN v_answer ->> 'outcome' IN ('version_conflict', 'not_found') THEN 'changed'
        WHEN v_answer ->> 'outcome' = 'not_live' THEN 'too_late'
        ELSE 'taken' END);
    RETURN jsonb_build_object('outcome', v_outcome, 'outbox', coalesce(v_answer -> 'outbox', '[]'), 'visit', patient_visit_json(v_visit));
END
$$;
