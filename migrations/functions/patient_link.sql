-- Become the clinic of a patient's link, and return the visit it opens; a row of nulls for a link that is unknown,
-- revoked, or of a visit that ended more than a day ago: nobody can tell these apart.
CREATE OR REPLACE FUNCTION frontdesk.patient_link(p_token_hash text) RETURNS frontdesk.appointments
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_link  frontdesk.patient_links;
    v_visit frontdesk.appointments;
BEGIN
    -- The token names no clinic.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT l.* INTO v_link FROM frontdesk.patient_links l WHERE l.token_hash = p_token_hash AND l.revoked_at IS NULL;
    PERFORM set_config('app.scope', '', true);
    PERFORM set_config('app.org_id', coalesce(v_link.org_id::text, ''), true);
    SELECT a.* INTO v_visit
    FROM frontdesk.appointments a
    WHERE a.org_id = v_link.org_id AND a.id = v_link.appointment_id AND a.ends_at + interval '1 day' > now();
    RETURN v_visit;
END
$$;
