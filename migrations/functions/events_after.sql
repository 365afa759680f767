-- The events after a number, in order and without a gap: {"items", "next", "last_seq", "reload"}. `next` is where to
-- go on, null at the end. `reload`, with no items: the asker knows of events that are not there, or some they do
-- not know are no longer kept; all must be read anew.
CREATE OR REPLACE FUNCTION frontdesk.events_after(p_org_id uuid, p_after bigint, p_limit integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_last   bigint;
    v_reload boolean;
    v_items  jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    v_last := coalesce((SELECT n.last_seq FROM event_counters n WHERE n.org_id = p_org_id), 0);
    v_reload := p_after > v_last
        OR (p_after < v_last AND NOT EXISTS (SELECT FROM events e WHERE e.org_id = p_org_id AND e.seq = p_after + 1));
    IF NOT v_reload THEN
        SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'seq', e.seq, 'at', e.at, 'type', e.type, 'actor', e.actor, 'actor_name', actor_name(p_org_id, e.actor),
                   'appointment_id', e.appointment_id, 'contact_id', e.contact_id, 'follow_up_id', e.follow_up_id,
                   'call_id', e.call_id, 'data', e.data) ORDER BY e.seq), '[]')
        INTO v_items
        -- Not beyond last_seq: the two answers fit each other.
        FROM (SELECT x.* FROM events x WHERE x.org_id = p_org_id AND x.seq > p_after AND x.seq <= v_last ORDER BY x.seq LIMIT p_limit) AS e;
    END IF;
    RETURN jsonb_build_object(
        'items', v_items, 'last_seq', v_last, 'reload', v_reload,
        'next', CASE WHEN NOT v_reload AND p_after < v_last - p_limit THEN p_after + p_limit END);
END
$$;
