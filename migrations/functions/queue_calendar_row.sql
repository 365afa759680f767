-- Put a piece of calendar work on its queue, as part of the caller's transaction. Returns the row as record_change
-- does, or [] where one that asks for the same still waits to be taken.
--
-- Only for reading (sync, watch, compare): whoever takes the waiting row asks Google afterwards, so it sees what
-- this one was for. A write is queued each time: its row may just have been read, with what was there before.
CREATE OR REPLACE FUNCTION frontdesk.queue_calendar_row(p_org_id uuid, p_kind text, p_aggregate_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_id bigint;
BEGIN
    IF p_kind IN ('calendar.sync', 'calendar.watch', 'calendar.compare') AND EXISTS (
        SELECT FROM frontdesk.outbox x
        WHERE x.org_id = p_org_id AND x.queue = 'calendar' AND x.kind = p_kind AND x.aggregate_id = p_aggregate_id
          AND x.sent_at IS NULL AND x.dead_at IS NULL) THEN
        RETURN '[]';
    END IF;
    INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
    VALUES (p_org_id, 'calendar', p_kind, p_aggregate_id, 0, 0, now() + interval '15 seconds')   -- no event: nothing happened yet
    RETURNING id INTO v_id;
    RETURN jsonb_build_array(jsonb_build_object('id', v_id, 'queue', 'calendar'));
END
$$;
