-- Replace the seal of one version (another key, the same secret). Outcomes: rewrapped, not_found.
CREATE OR REPLACE FUNCTION frontdesk.rewrap_credentials(
    p_org_id      uuid,
    p_purpose     text,
    p_version     integer,
    p_key_id      text,
    p_wrapped_key text,
    p_nonce       text,
    p_ciphertext  text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    UPDATE credentials c
    SET key_id = p_key_id, wrapped_key = decode(p_wrapped_key, 'base64'), nonce = decode(p_nonce, 'base64'), ciphertext = decode(p_ciphertext, 'base64')
    WHERE c.org_id = p_org_id AND c.purpose = p_purpose AND c.version = p_version;
    RETURN jsonb_build_object('outcome', CASE WHEN FOUND THEN 'rewrapped' ELSE 'not_found' END);
END
$$;
