-- Forget connections that are over, of all clinics: older than API Gateway lets them be, of revoked staff, silent
-- for 15 minutes (a board says something every four); and tickets nobody used. {"connections": [ids] to be closed,
-- "tickets": how many}.
CREATE OR REPLACE FUNCTION frontdesk.sweep_connections(p_limit integer DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_ids     jsonb;
    v_tickets integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    -- The choice stands in a WITH: as a subquery it may be run once a row, and each time choose others.
    WITH over AS (
        SELECT c.org_id, c.connection_id FROM connections c
        WHERE c.expires_at <= now() OR c.last_seen_at < now() - interval '15 minutes'
           OR EXISTS (SELECT FROM staff s WHERE s.org_id = c.org_id AND s.id = c.staff_id AND s.revoked_at IS NOT NULL)
        LIMIT p_limit FOR UPDATE OF c SKIP LOCKED
    ), gone AS (
        DELETE FROM connections x USING over
        WHERE x.org_id = over.org_id AND x.connection_id = over.connection_id
        RETURNING x.connection_id
    )
    SELECT coalesce(jsonb_agg(connection_id), '[]') INTO v_ids FROM gone;
    WITH old AS (
        SELECT t.org_id, t.ticket_hash FROM ws_tickets t WHERE t.expires_at <= now()
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    DELETE FROM ws_tickets x USING old WHERE x.org_id = old.org_id AND x.ticket_hash = old.ticket_hash;
    GET DIAGNOSTICS v_tickets = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('connections', v_ids, 'tickets', v_tickets);
END
$$;
