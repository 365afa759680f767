-- Put the deletions of texts at Twilio on the queue again whose time has come, at most p_limit people: those that
-- failed (a text on its way cannot be deleted yet), those beyond the first ten, those whose message was lost.
CREATE OR REPLACE FUNCTION frontdesk.queue_due_twilio_deletions(p_limit integer DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH due AS (
        SELECT d.org_id, d.contact_id FROM twilio_deletions d
        WHERE d.next_at <= now() AND d.created_at < now() - interval '1 minute'   -- the erasure's own message has the first turn
        GROUP BY 1, 2 LIMIT p_limit
    ), moved AS (   -- should this turn be lost as well
        UPDATE twilio_deletions d SET next_at = now() + interval '5 minutes'
        FROM due WHERE d.org_id = due.org_id AND d.contact_id = due.contact_id AND d.next_at <= now()
    )
    INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)
    SELECT due.org_id, 'sms', 'contact.erased', due.contact_id, 0, 0 FROM due;   -- no event: nothing happened yet
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count);
END
$$;
