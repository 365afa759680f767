-- A sealed secret as frontdesk.credentials reads it: ciphertext only, in base64 on one line.
CREATE OR REPLACE FUNCTION frontdesk.credential_json(p_secret frontdesk.credentials) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT CASE WHEN p_secret.version IS NOT NULL THEN jsonb_build_object(
        'version', p_secret.version, 'key_id', p_secret.key_id,
        -- encode() breaks the line after 76 characters.
        'wrapped_key', translate(encode(p_secret.wrapped_key, 'base64'), E'\n', ''),
        'nonce', translate(encode(p_secret.nonce, 'base64'), E'\n', ''),
        'ciphertext', translate(encode(p_secret.ciphertext, 'base64'), E'\n', ''),
        'created_at', p_secret.created_at, 'retired_at', p_secret.retired_at) END
$$;
