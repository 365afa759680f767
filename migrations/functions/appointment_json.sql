-- An appointment as every function of the API returns it: the ids, the times, and the names that are said aloud.
CREATE OR REPLACE FUNCTION frontdesk.appointment_json(p_org_id uuid, p_appointment_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    SELECT jsonb_build_object(
               'id', a.id, 'status', a.status, 'version', a.version,
               'starts_at', a.starts_at, 'ends_at', a.ends_at,
               'provider_id', a.provider_id, 'provider_name', p.name,
               'service_id', a.service_id, 'service_name', s.name,
               'contact_id', a.contact_id, 'patient_name', a.patient_name,
               'confirmation_code', a.confirmation_code)
    INTO v_answer
    FROM frontdesk.appointments a
    JOIN frontdesk.providers p ON p.org_id = a.org_id AND p.id = a.provider_id
    JOIN frontdesk.services s ON s.org_id = a.org_id AND s.id = a.service_id
    WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    RETURN v_answer;
END
$$;
