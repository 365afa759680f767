-- Queue the reading of these calendars and the making of their watch channels. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.queue_calendar_sync(p_org_id uuid, p_calendar_ids uuid[]) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    WITH rows AS (
        INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq)
        SELECT p_org_id, 'calendar', kind, calendar_id, 0, 0
        FROM unnest(p_calendar_ids) AS calendar_id
        CROSS JOIN unnest('{calendar.sync,calendar.watch}'::text[]) AS kind
        RETURNING id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'queue', 'calendar') ORDER BY id), '[]') FROM rows
$$;
