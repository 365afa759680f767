-- Take the one right to refresh a clinic's access token, for 30 seconds.
-- Outcomes: claimed (with the version to seal the new token for), newer (the token is no longer the one that was seen),
--           leased (somebody is at it, for so many seconds), paused (not connected).
CREATE OR REPLACE FUNCTION frontdesk.claim_google_refresh(p_org_id uuid, p_lease uuid, p_seen_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_link google_connections;
    v_next integer;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT g.* INTO v_link FROM google_connections g WHERE g.org_id = p_org_id FOR UPDATE;
    v_next := next_credential_version(p_org_id, 'google_access');
    IF v_link.status IS DISTINCT FROM 'connected' THEN
        RETURN jsonb_build_object('outcome', 'paused', 'reason', coalesce(v_link.reason, 'not_connected'));
    ELSIF v_next <> p_seen_version + 1 THEN
        RETURN '{"outcome": "newer"}';
    ELSIF v_link.refresh_lease <> p_lease AND v_link.refresh_lease_until > clock_timestamp() THEN
        RETURN jsonb_build_object('outcome', 'leased',
            'seconds', extract(epoch FROM v_link.refresh_lease_until - clock_timestamp())::integer);
    END IF;
    UPDATE google_connections g SET refresh_lease = p_lease, refresh_lease_until = clock_timestamp() + interval '30 seconds'
    WHERE g.org_id = p_org_id;
    RETURN jsonb_build_object('outcome', 'claimed', 'access_version', v_next);
END
$$;
