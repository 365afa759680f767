-- End all sockets of one person, who signed out: {"count", "outbox"}. From now on nothing is pushed to them and no
-- ticket of theirs opens another; the outbox row makes the push function end the sockets themselves.
CREATE OR REPLACE FUNCTION frontdesk.close_staff_connections(p_org_id uuid, p_staff_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_count  integer;
    v_outbox jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    DELETE FROM ws_tickets t WHERE t.org_id = p_org_id AND t.staff_id = p_staff_id;
    UPDATE connections c SET expires_at = now(), greeted_at = NULL
    WHERE c.org_id = p_org_id AND c.staff_id = p_staff_id AND c.expires_at > now();
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count > 0 THEN
        -- No event: a person who leaves is nothing the timeline tells.
        WITH row AS (
            INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
            VALUES (p_org_id, 'notify', 'connections.close', p_staff_id, 0, 0, now() + interval '15 seconds')
            RETURNING id, queue)
        SELECT jsonb_agg(jsonb_build_object('id', id, 'queue', queue)) INTO v_outbox FROM row;
    END IF;
    RETURN jsonb_build_object('count', v_count, 'outbox', v_outbox);
END
$$;
