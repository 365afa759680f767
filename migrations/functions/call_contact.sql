-- The contact a call is about: the one it booked for, else the one of the number.
CREATE OR REPLACE FUNCTION frontdesk.call_contact(p_call frontdesk.calls) RETURNS uuid
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN coalesce(
        (SELECT e.contact_id FROM frontdesk.events e
         WHERE e.org_id = p_call.org_id AND e.call_id = p_call.vapi_call_id AND e.appointment_id IS NOT NULL AND e.contact_id IS NOT NULL
         ORDER BY e.seq LIMIT 1),
        (SELECT c.id FROM frontdesk.contacts c WHERE c.org_id = p_call.org_id AND c.phone = p_call.phone));
END
$$;
