-- Whether a patient may still confirm, move or cancel a visit on their own page: until it begins.
CREATE OR REPLACE FUNCTION frontdesk.patient_may_change(p_visit frontdesk.appointments) RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT p_visit.status IN ('pending', 'confirmed') AND p_visit.starts_at > now()
$$;
