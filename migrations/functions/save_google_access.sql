-- Store a refreshed access token, and end the lease of who refreshed it; without a token only end the lease.
-- Outcomes: saved, released, stale (the lease was lost: the token is not stored).
CREATE OR REPLACE FUNCTION frontdesk.save_google_access(
    p_org_id          uuid,
    p_lease           uuid,
    p_expires_seconds integer,
    p_access          jsonb        -- {version, key_id, wrapped_key, nonce, ciphertext} or null
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_link google_connections;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT g.* INTO v_link FROM google_connections g WHERE g.org_id = p_org_id FOR UPDATE;
    IF v_link.status IS DISTINCT FROM 'connected' OR v_link.refresh_lease IS DISTINCT FROM p_lease THEN
        RETURN '{"outcome": "stale"}';
    ELSIF p_access IS NOT NULL AND NOT keep_google_credential(p_org_id, 'google_access', p_access) THEN
        RETURN '{"outcome": "stale"}';
    END IF;
    UPDATE google_connections g
    SET refresh_lease = NULL, refresh_lease_until = NULL,
        access_expires_at = CASE WHEN p_access IS NULL THEN g.access_expires_at ELSE now() + make_interval(secs => p_expires_seconds) END
    WHERE g.org_id = p_org_id;
    RETURN jsonb_build_object('outcome', CASE WHEN p_access IS NULL THEN 'released' ELSE 'saved' END);
END
$$;
