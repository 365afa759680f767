-- What a board missed since p_after: {"last_seq", "resync", "events"}, events in the order of their seq and
-- without a gap. resync, and no events, when there are more than p_limit, when some are no longer kept, or when the
-- board knows of events that are not there (it spoke to another database).
CREATE OR REPLACE FUNCTION frontdesk.missed_events(p_org_id uuid, p_after bigint, p_limit integer DEFAULT 200) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_last   bigint;
    v_resync boolean;
    v_events jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    SELECT n.last_seq INTO v_last FROM event_counters n WHERE n.org_id = p_org_id;
    v_last := coalesce(v_last, 0);
    v_resync := p_after > v_last OR v_last - p_after > p_limit
        OR (p_after < v_last AND NOT EXISTS (SELECT FROM events e WHERE e.org_id = p_org_id AND e.seq = p_after + 1));
    IF NOT v_resync THEN
        SELECT coalesce(jsonb_agg(pushed_event(e) ORDER BY e.seq), '[]') INTO v_events
        -- Not beyond what last_seq says: whatever was committed since is pushed.
        FROM events e WHERE e.org_id = p_org_id AND e.seq > p_after AND e.seq <= v_last;
    END IF;
    RETURN jsonb_build_object('last_seq', v_last, 'resync', v_resync, 'events', v_events);
END
$$;
