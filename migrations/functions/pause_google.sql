-- Stop a clinic's work with Google until somebody connects it again: its grant ended (invalid_grant). The staff are
-- told once; other clinics go on.
-- Outcomes: paused, unchanged (not connected, or p_lease is no longer the one who refreshes).
CREATE OR REPLACE FUNCTION frontdesk.pause_google(p_org_id uuid, p_reason text, p_lease uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    UPDATE google_connections g
    SET status = 'reconnect_required', reason = left(p_reason, 80), refresh_lease = NULL, refresh_lease_until = NULL, changed_at = now()
    WHERE g.org_id = p_org_id AND g.status = 'connected' AND (p_lease IS NULL OR g.refresh_lease = p_lease);
    IF NOT FOUND THEN
        RETURN '{"outcome": "unchanged", "outbox": []}';
    END IF;
    RETURN jsonb_build_object('outcome', 'paused', 'outbox', record_change(
        p_org_id, 'calendar.paused', NULL, NULL, NULL, 0, NULL, 'system', jsonb_build_object('reason', left(p_reason, 80)), '{notify}'));
END
$$;
