-- A visit as its patient's page shows it, with the clinic and what the patient may do now. Null for no visit.
-- What the page must not know (number, e-mail, notes, code, who else) is not in it.
CREATE OR REPLACE FUNCTION frontdesk.patient_visit_json(p_visit frontdesk.appointments) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'org', jsonb_build_object(
            'id', o.id, 'name', o.name, 'time_zone', o.time_zone, 'language', o.language, 'front_desk_phone', o.front_desk_phone),
        'appointment', jsonb_build_object(
            'id', p_visit.id, 'status', p_visit.status, 'version', p_visit.version,
            'starts_at', p_visit.starts_at, 'ends_at', p_visit.ends_at, 'patient_name', p_visit.patient_name,
            'provider_id', p_visit.provider_id, 'provider_name', p.name, 'service_name', s.name),
        'begun', p_visit.starts_at <= now(),
        'may_change', frontdesk.patient_may_change(p_visit),
        'may_confirm', frontdesk.patient_may_change(p_visit) AND p_visit.status = 'pending')
    FROM frontdesk.orgs o
    JOIN frontdesk.providers p ON p.org_id = o.id AND p.id = p_visit.provider_id
    JOIN frontdesk.services s ON s.org_id = o.id AND s.id = p_visit.service_id
    WHERE o.id = p_visit.org_id
$$;
