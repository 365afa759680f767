-- Confirm a coming appointment: pending -> confirmed, by compare-and-swap.
-- Outcomes: confirmed (also when it already was), not_found (also when cancelled), not_live, version_conflict.
CREATE OR REPLACE FUNCTION frontdesk.confirm_appointment(
    p_org_id           uuid,
    p_appointment_id   uuid,
    p_source           text DEFAULT 'staff',
    p_actor            text DEFAULT NULL,      -- default: the source
    p_expected_version integer DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_zone   text;
    v_visit  appointments;
    v_answer jsonb;
BEGIN
    v_zone := (act_for(p_org_id)).time_zone;
    -- No schedule lock: the time it occupies does not change. The row lock makes a move or a cancel wait.
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id FOR UPDATE;
    IF NOT FOUND OR v_visit.status = 'cancelled' THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF p_expected_version <> v_visit.version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'appointment', appointment_json(p_org_id, v_visit.id));
    ELSIF v_visit.status NOT IN ('pending', 'confirmed') THEN
        RETURN jsonb_build_object('outcome', 'not_live', 'appointment', appointment_json(p_org_id, v_visit.id));
    END IF;
    UPDATE appointments a SET status = 'confirmed', version = a.version + 1, updated_at = now()
    WHERE a.org_id = p_org_id AND a.id = v_visit.id AND a.status = 'pending';
    v_answer := jsonb_build_object('outcome', 'confirmed', 'today', (now() AT TIME ZONE v_zone)::date,
        'appointment', appointment_json(p_org_id, v_visit.id));
    IF v_visit.status = 'confirmed' THEN
        RETURN v_answer || '{"outbox": []}';
    END IF;
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'appointment.confirmed', v_visit.id, NULL, v_visit.contact_id, v_visit.version + 1, NULL, coalesce(p_actor, p_source),
        jsonb_build_object('starts_at', v_visit.starts_at, 'provider_id', v_visit.provider_id), '{calendar,notify}'));
END
$$;
