-- The answer an earlier call with this key was given, or null. The same key with another request is not a
-- repetition but a mistake, and says so.
CREATE OR REPLACE FUNCTION frontdesk.stored_answer(p_org_id uuid, p_key text, p_request_hash text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    SELECT CASE WHEN k.request_hash = p_request_hash THEN k.answer || '{"replayed": true}'
                ELSE '{"outcome": "key_reused"}' END
    INTO v_answer
    FROM frontdesk.idempotency_keys k
    WHERE k.org_id = p_org_id AND k.key = p_key;
    RETURN v_answer;
END
$$;
