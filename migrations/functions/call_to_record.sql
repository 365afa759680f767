-- The row of a call, locked; made when this is the first that is heard of it (then `heard` is empty).
CREATE OR REPLACE FUNCTION frontdesk.call_to_record(p_org_id uuid, p_vapi_call_id text) RETURNS frontdesk.calls
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_call frontdesk.calls;
BEGIN
    INSERT INTO frontdesk.calls (org_id, id, vapi_call_id) VALUES (p_org_id, frontdesk.new_id(), p_vapi_call_id)
    ON CONFLICT (org_id, vapi_call_id) DO NOTHING;   -- waits for a twin that is about to commit
    SELECT * INTO v_call FROM frontdesk.calls c WHERE c.org_id = p_org_id AND c.vapi_call_id = p_vapi_call_id FOR UPDATE;
    RETURN v_call;
END
$$;
