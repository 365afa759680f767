-- All versions of a clinic's sealed secret for a purpose, newest first: for re-wrapping under another key.
CREATE OR REPLACE FUNCTION frontdesk.credentials_of(p_org_id uuid, p_purpose text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    RETURN (SELECT coalesce(jsonb_agg(credential_json(c) ORDER BY c.version DESC), '[]')
            FROM credentials c WHERE c.org_id = p_org_id AND c.purpose = p_purpose);
END
$$;
