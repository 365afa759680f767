-- A clinic's way to Google: is it connected, its sealed tokens, how many seconds the access token is still good.
CREATE OR REPLACE FUNCTION frontdesk.google_access(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_link    google_connections;
    v_refresh credentials;
    v_access  credentials;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT g.* INTO v_link FROM google_connections g WHERE g.org_id = p_org_id;
    SELECT c.* INTO v_refresh FROM credentials c
    WHERE c.org_id = p_org_id AND c.purpose = 'google' ORDER BY c.version DESC LIMIT 1;
    SELECT c.* INTO v_access FROM credentials c
    WHERE c.org_id = p_org_id AND c.purpose = 'google_access' ORDER BY c.version DESC LIMIT 1;
    RETURN jsonb_build_object(
        'status', coalesce(v_link.status, 'disconnected'), 'reason', v_link.reason,
        'good_seconds', coalesce(floor(extract(epoch FROM v_link.access_expires_at - now()))::integer, 0),
        'refresh', credential_json(v_refresh), 'access', credential_json(v_access),
        'refresh_version', coalesce(v_refresh.version, 0), 'access_version', coalesce(v_access.version, 0));
END
$$;
