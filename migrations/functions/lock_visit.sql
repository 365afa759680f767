-- Lock a visit for a change of its time: its provider's schedule, its contact, its row, in this order. Returns it as
-- it is then; a row of nulls where there is none. 40001 where it changed hands meanwhile: try again.
CREATE OR REPLACE FUNCTION frontdesk.lock_visit(p_org_id uuid, p_appointment_id uuid) RETURNS frontdesk.appointments
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_before frontdesk.appointments;
    v_visit  frontdesk.appointments;
BEGIN
    SELECT * INTO v_before FROM frontdesk.appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    PERFORM frontdesk.lock_schedule(p_org_id, ARRAY[v_before.provider_id],
        (SELECT c.phone FROM frontdesk.contacts c WHERE c.org_id = p_org_id AND c.id = v_before.contact_id));
    SELECT * INTO v_visit FROM frontdesk.appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id FOR UPDATE;
    IF v_visit.provider_id <> v_before.provider_id THEN
        RAISE EXCEPTION 'the visit changed hands while its schedule was waited for' USING ERRCODE = '40001';
    END IF;
    RETURN v_visit;
END
$$;
