-- Store a sealed token of a clinic's under its version, which must be the next one (it is part of the seal); the
-- two newest are kept. Returns false when the version is another's. For set_credentials' reasons under the org's lock,
-- here google_connections' row, which the caller holds.
CREATE OR REPLACE FUNCTION frontdesk.keep_google_credential(p_org_id uuid, p_purpose text, p_sealed jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_version integer := (p_sealed ->> 'version')::integer;
BEGIN
    IF v_version IS DISTINCT FROM frontdesk.next_credential_version(p_org_id, p_purpose) THEN
        RETURN false;
    END IF;
    UPDATE frontdesk.credentials c SET retired_at = now()
    WHERE c.org_id = p_org_id AND c.purpose = p_purpose AND c.version = v_version - 1;
    DELETE FROM frontdesk.credentials c WHERE c.org_id = p_org_id AND c.purpose = p_purpose AND c.version < v_version - 1;
    INSERT INTO frontdesk.credentials (org_id, purpose, version, key_id, wrapped_key, nonce, ciphertext)
    VALUES (p_org_id, p_purpose, v_version, p_sealed ->> 'key_id', decode(p_sealed ->> 'wrapped_key', 'base64'),
            decode(p_sealed ->> 'nonce', 'base64'), decode(p_sealed ->> 'ciphertext', 'base64'));
    RETURN true;
END
$$;
