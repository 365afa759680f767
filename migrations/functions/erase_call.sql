-- Take out of a call who called and what was said. That there was one, when, for how long and what came of it, stays.
CREATE OR REPLACE FUNCTION frontdesk.erase_call(p_call frontdesk.calls) RETURNS frontdesk.calls
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_call frontdesk.calls;
BEGIN
    DELETE FROM frontdesk.call_messages m WHERE m.org_id = p_call.org_id AND m.call_id = p_call.id;
    DELETE FROM frontdesk.contact_facts f WHERE f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id;
    UPDATE frontdesk.calls c
    SET phone = NULL, summary = NULL, success = NULL, recording_url = NULL, transferred_to = NULL, words = NULL, transcript_stamp = NULL,
        -- Stamps are hashes of what was said, and a number's can be found by trying. Never empty: that is a new call.
        heard = frontdesk.impersonal_heard(c.heard) || '{"erased": [0, 0, ""]}', erased_at = now(), forgotten_at = now()
    WHERE c.org_id = p_call.org_id AND c.id = p_call.id
    RETURNING * INTO v_call;
    RETURN v_call;
END
$$;
