-- Keep the answer to a request with a key, so that its repetition is told the same (stored_answer). Without a key
-- nothing is kept.
CREATE OR REPLACE FUNCTION frontdesk.keep_answer(p_org_id uuid, p_key text, p_request_hash text, p_answer jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF p_key IS NOT NULL THEN
        INSERT INTO frontdesk.idempotency_keys (org_id, key, request_hash, answer) VALUES (p_org_id, p_key, p_request_hash, p_answer)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN   -- its twin was faster: undo all of this, and let the retry be told the twin's answer
            RAISE EXCEPTION 'idempotency key taken while the change was made' USING ERRCODE = '40001';
        END IF;
    END IF;
END
$$;
