-- A clinic's sealed secret for a purpose ('twilio', 'google'), the newest version; null when it has none.
-- `previous` is the version before, while it is still accepted (signatures made before a rotation).
CREATE OR REPLACE FUNCTION frontdesk.current_credentials(p_org_id uuid, p_purpose text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_current  credentials;
    v_previous credentials;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_current FROM credentials c
    WHERE c.org_id = p_org_id AND c.purpose = p_purpose ORDER BY c.version DESC LIMIT 1;
    SELECT * INTO v_previous FROM credentials c
    WHERE c.org_id = p_org_id AND c.purpose = p_purpose AND c.version = v_current.version - 1 AND c.retired_at > now();
    RETURN credential_json(v_current) || jsonb_build_object('previous', credential_json(v_previous));
END
$$;
