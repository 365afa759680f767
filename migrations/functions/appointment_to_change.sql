-- Which appointment a reschedule or cancel is about, or the answer that says why none can be changed.
-- Staff and the patient's own page name it by id (they were authorised before); a caller proves themselves
-- (verified_appointments), and must say which one where several fit.
CREATE OR REPLACE FUNCTION frontdesk.appointment_to_change(
    p_org_id         uuid,
    p_appointment_id uuid,
    p_phone          text,
    p_name           text,
    p_code           text,
    p_call_id        text,
    OUT o_id         uuid,
    OUT o_answer     jsonb
)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_outcome text;
    v_ids     uuid[];
BEGIN
    IF p_appointment_id IS NOT NULL THEN
        SELECT a.id INTO o_id FROM frontdesk.appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
        IF o_id IS NULL THEN
            o_answer := '{"outcome": "not_found"}';
        END IF;
        RETURN;
    END IF;
    SELECT v.o_outcome, v.o_ids INTO v_outcome, v_ids
    FROM frontdesk.verified_appointments(p_org_id, p_phone, p_name, p_code, p_call_id) AS v;
    IF v_outcome = 'missing_info' THEN
        o_answer := '{"outcome": "missing_info", "field": "patient_name"}';
    ELSIF v_outcome <> 'ok' THEN
        o_answer := jsonb_build_object('outcome', v_outcome);
    ELSIF cardinality(v_ids) = 1 THEN
        o_id := v_ids[1];
    ELSE
        -- Live ones first; one live visit beside some this call cancelled is not ambiguous.
        SELECT array_agg(a.id ORDER BY a.starts_at, a.id) INTO v_ids
        FROM frontdesk.appointments a
        WHERE a.org_id = p_org_id AND a.id = ANY (v_ids)
          AND (a.status <> 'cancelled' OR NOT EXISTS (
              SELECT FROM frontdesk.appointments live
              WHERE live.org_id = p_org_id AND live.id = ANY (v_ids) AND live.status <> 'cancelled'));
        IF cardinality(v_ids) = 1 THEN
            o_id := v_ids[1];
            RETURN;
        END IF;
        o_answer := jsonb_build_object('outcome', 'multiple_found', 'appointments',
            (SELECT jsonb_agg(frontdesk.appointment_json(p_org_id, a.id) ORDER BY a.starts_at, a.id)
             FROM frontdesk.appointments a WHERE a.org_id = p_org_id AND a.id = ANY (v_ids)));
    END IF;
END
$$;
