-- Delete what has served its time, at most p_limit of each: sent outbox rows after 14 days, idempotency keys after
-- 72 hours, answered webhooks after 30 days; of texts the words, after 90 days (that there was one stays).
CREATE OR REPLACE FUNCTION frontdesk.sweep_retention(p_limit integer DEFAULT 1000) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_outbox   integer;
    v_keys     integer;
    v_webhooks integer;
    v_bodies   integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    -- The choice stands in a WITH: as a subquery it may be run once a row, and each time choose others.
    WITH old AS (
        SELECT o.id FROM outbox o
        WHERE o.created_at < now() - interval '14 days' AND o.sent_at < now() - interval '14 days' AND o.dead_at IS NULL
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    DELETE FROM outbox x USING old WHERE x.id = old.id;
    GET DIAGNOSTICS v_outbox = ROW_COUNT;
    WITH old AS (
        SELECT k.org_id, k.key FROM idempotency_keys k WHERE k.created_at < now() - interval '72 hours'
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    DELETE FROM idempotency_keys x USING old WHERE x.org_id = old.org_id AND x.key = old.key;
    GET DIAGNOSTICS v_keys = ROW_COUNT;
    WITH old AS (
        SELECT w.org_id, w.source, w.id FROM webhook_seen w WHERE w.created_at < now() - interval '30 days'
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    DELETE FROM webhook_seen x USING old WHERE x.org_id = old.org_id AND x.source = old.source AND x.id = old.id;
    GET DIAGNOSTICS v_webhooks = ROW_COUNT;
    WITH old AS (
        SELECT m.org_id, m.id FROM sms_messages m WHERE m.body IS NOT NULL AND m.created_at < now() - interval '90 days'
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    UPDATE sms_messages x SET body = NULL FROM old WHERE x.org_id = old.org_id AND x.id = old.id;
    GET DIAGNOSTICS v_bodies = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('outbox', v_outbox, 'idempotency_keys', v_keys, 'webhook_seen', v_webhooks, 'sms_bodies', v_bodies);
END
$$;
