-- Whether a call was made before its caller was erased: then nothing personal of it may be kept, however late it is told.
CREATE OR REPLACE FUNCTION frontdesk.is_call_of_erased(p_call frontdesk.calls) RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT p_call.erased_at IS NOT NULL
        OR EXISTS (SELECT FROM frontdesk.erased_people e
                   WHERE e.org_id = p_call.org_id AND e.phone_hash = frontdesk.phone_hash(p_call.org_id, p_call.phone)
                     AND e.erased_at >= p_call.started_at)
        OR EXISTS (SELECT FROM frontdesk.contacts c
                   WHERE c.org_id = p_call.org_id AND c.id = p_call.contact_id AND c.erased_at >= p_call.started_at)
$$;
