-- Say what became of a visit: arrived, completed, no_show, or pending again after a mistake (docs/state-machines.md).
--
--   arrived    from pending, confirmed        at the earliest 12 hours before the start
--   completed  from pending, confirmed, arrived; no_show from pending, confirmed: once it has begun
--   pending    from arrived, completed, no_show: where its time is still free, for the latter two give it up
--
-- Outcomes: set (also when it already was; then nothing changes), not_found, version_conflict, wrong_state, too_early,
-- slot_unavailable; each but not_found with the appointment.
CREATE OR REPLACE FUNCTION frontdesk.set_appointment_status(
    p_org_id           uuid,
    p_appointment_id   uuid,
    p_status           text,
    p_expected_version integer,
    p_actor            text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_visit   appointments;
    v_left    uuid;
    v_outcome text;
    v_outbox  jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    SELECT a.provider_id INTO v_left FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    -- A visit that ends or is revived changes what is free: lock first, then read what is there now.
    PERFORM lock_schedule(p_org_id, ARRAY[v_left], NULL);
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    v_outcome := CASE
        WHEN v_visit.status = p_status THEN 'set'
        -- Moved to another provider while we waited: that schedule is not locked.
        WHEN p_expected_version <> v_visit.version OR v_visit.provider_id <> v_left THEN 'version_conflict'
        WHEN NOT CASE p_status
            WHEN 'arrived' THEN v_visit.status IN ('pending', 'confirmed')
            WHEN 'completed' THEN v_visit.status IN ('pending', 'confirmed', 'arrived')
            WHEN 'no_show' THEN v_visit.status IN ('pending', 'confirmed')
            WHEN 'pending' THEN v_visit.status IN ('arrived', 'completed', 'no_show')
            ELSE false END THEN 'wrong_state'
        WHEN p_status = 'arrived' AND now() < v_visit.starts_at - interval '12 hours' THEN 'too_early'
        WHEN p_status IN ('completed', 'no_show') AND now() < v_visit.starts_at THEN 'too_early'
        WHEN p_status = 'pending' AND v_visit.status <> 'arrived' AND NOT v_visit.overbooked AND EXISTS (
            SELECT FROM appointments a
            WHERE a.org_id = p_org_id AND a.provider_id = v_visit.provider_id AND a.id <> v_visit.id
              AND a.starts_at > lower(v_visit.during) - interval '10 hours' AND a.starts_at < upper(v_visit.during) + interval '2 hours'
              AND a.during && v_visit.during AND a.status IN ('pending', 'confirmed', 'arrived') AND NOT a.overbooked)
            THEN 'slot_unavailable'
    END;
    IF v_outcome IS NULL THEN
        UPDATE appointments a SET status = p_status, version = a.version + 1, updated_at = now()
        WHERE a.org_id = p_org_id AND a.id = v_visit.id;
        v_outbox := record_change(
            p_org_id, 'appointment.' || CASE p_status WHEN 'pending' THEN 'reopened' ELSE p_status END,
            v_visit.id, NULL, v_visit.contact_id, v_visit.version + 1, NULL, p_actor,
            jsonb_build_object('starts_at', v_visit.starts_at, 'provider_id', v_visit.provider_id, 'previous_status', v_visit.status),
            '{calendar,notify}');
    END IF;
    RETURN jsonb_build_object('outcome', coalesce(v_outcome, 'set'), 'outbox', v_outbox,
        'appointment', board_appointments(p_org_id, ARRAY[v_visit.id]) -> 0);
END
$$;
