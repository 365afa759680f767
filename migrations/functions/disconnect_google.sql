-- Forget a clinic's tokens. Calendars stay assigned, so that connecting again goes on where it was; until then
-- nothing is written, nothing is read, and what was read keeps nobody from booking.
-- Outcomes: disconnected (also when it already was).
CREATE OR REPLACE FUNCTION frontdesk.disconnect_google(p_org_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    PERFORM lock_schedule(p_org_id,
        (SELECT array_agg(c.provider_id) FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id IS NOT NULL), NULL);
    DELETE FROM credentials c WHERE c.org_id = p_org_id AND c.purpose IN ('google', 'google_access');
    UPDATE google_connections g
    SET status = 'disconnected', reason = NULL, account_email = NULL, scopes = '{}', access_expires_at = NULL,
        refresh_lease = NULL, refresh_lease_until = NULL, quiet_until = NULL, changed_at = now()
    WHERE g.org_id = p_org_id AND g.status <> 'disconnected';
    IF NOT FOUND THEN
        RETURN '{"outcome": "disconnected", "outbox": []}';
    END IF;
    DELETE FROM busy_blocks b USING calendars c
    WHERE b.org_id = p_org_id AND c.org_id = p_org_id AND b.calendar_id = c.id;
    -- A reading that is still under way must not bring them back.
    UPDATE calendars c SET sync_token = NULL, sync_lease = NULL, sync_lease_until = NULL, status = 'syncing'
    WHERE c.org_id = p_org_id AND c.provider_id IS NOT NULL;
    UPDATE watch_channels w SET state = 'stopped', renew_at = NULL WHERE w.org_id = p_org_id AND w.state <> 'stopped';
    UPDATE calendar_events e SET next_at = NULL WHERE e.org_id = p_org_id AND e.next_at IS NOT NULL;
    RETURN jsonb_build_object('outcome', 'disconnected', 'outbox', record_change(
        p_org_id, 'calendar.disconnected', NULL, NULL, NULL, 0, NULL, p_actor, '{}', '{notify}'));
END
$$;
