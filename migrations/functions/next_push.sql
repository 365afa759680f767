-- What is to be pushed for these outbox rows of a clinic, and to whom. The rows are marked sent: their messages are
-- here. {"events": [...] in the order of seq, "connections": [ids] that said hello, "closing": [ids] to be
-- closed (over their time, signed out, revoked), "unknown": [outbox ids] that are no rows for the boards}.
CREATE OR REPLACE FUNCTION frontdesk.next_push(p_org_id uuid, p_outbox_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_known  bigint[];
    v_answer jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    -- In order, so that two who were handed the same rows do not lock each other out.
    SELECT array_agg(x.id) INTO v_known
    FROM (SELECT o.id FROM outbox o
          WHERE o.org_id = p_org_id AND o.id = ANY (p_outbox_ids) AND o.queue = 'notify'
          ORDER BY o.id FOR UPDATE) AS x;
    UPDATE outbox x SET sent_at = now() WHERE x.org_id = p_org_id AND x.id = ANY (v_known) AND x.sent_at IS NULL;
    SELECT jsonb_build_object(
        'events', (
            SELECT coalesce(jsonb_agg(pushed_event(e) ORDER BY e.seq), '[]') FROM events e
            WHERE e.org_id = p_org_id
              AND e.seq IN (SELECT x.seq FROM outbox x WHERE x.org_id = p_org_id AND x.id = ANY (v_known))),
        'connections', coalesce(jsonb_agg(c.connection_id) FILTER (WHERE NOT c.over AND c.greeted_at IS NOT NULL), '[]'),
        'closing', coalesce(jsonb_agg(c.connection_id) FILTER (WHERE c.over), '[]'),
        'unknown', (SELECT coalesce(jsonb_agg(id), '[]') FROM unnest(p_outbox_ids) AS id
                    WHERE id <> ALL (coalesce(v_known, '{}'))))
    INTO v_answer
    FROM (SELECT k.connection_id, k.greeted_at, k.expires_at <= now() OR s.revoked_at IS NOT NULL AS over
          FROM connections k JOIN staff s ON s.org_id = k.org_id AND s.id = k.staff_id
          WHERE k.org_id = p_org_id) AS c;
    RETURN v_answer;
END
$$;
