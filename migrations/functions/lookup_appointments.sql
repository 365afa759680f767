-- A verified caller's coming appointments (see verified_appointments for who may hear what).
-- Outcomes: found, not_found, not_verified, missing_info.
CREATE OR REPLACE FUNCTION frontdesk.lookup_appointments(
    p_org_id            uuid,
    p_caller_phone      text,
    p_patient_name      text,
    p_confirmation_code text,
    p_call_id           text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_outcome text;
    v_ids     uuid[];
    v_zone    text;
    v_found   jsonb;
BEGIN
    v_zone := (act_for(p_org_id)).time_zone;
    SELECT o_outcome, o_ids INTO v_outcome, v_ids
    FROM verified_appointments(p_org_id, p_caller_phone, p_patient_name, p_confirmation_code, p_call_id);
    IF v_outcome = 'missing_info' THEN
        RETURN '{"outcome": "missing_info", "field": "patient_name"}';
    END IF;
    SELECT jsonb_agg(appointment_json(p_org_id, a.id) ORDER BY a.starts_at, a.id) INTO v_found
    FROM appointments a
    WHERE a.org_id = p_org_id AND a.id = ANY (v_ids) AND a.status <> 'cancelled';
    RETURN jsonb_build_object(
        'outcome', CASE WHEN v_found IS NOT NULL THEN 'found' WHEN v_outcome = 'ok' THEN 'not_found' ELSE v_outcome END,
        'today', (now() AT TIME ZONE v_zone)::date,
        'appointments', coalesce(v_found, '[]'));
END
$$;
