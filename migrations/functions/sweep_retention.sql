-- Delete what has served its time, at most p_limit of each: sent outbox rows after 14 days, idempotency keys after
-- 72 hours, answered webhooks after 30 days; and the words each clinic keeps for days of its own (forget_words). That
-- there was a text, a call, a follow-up stays. Returns how many of each.
CREATE OR REPLACE FUNCTION frontdesk.sweep_retention(p_limit integer DEFAULT 1000) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_outbox   integer;
    v_keys     integer;
    v_webhooks integer;
    v_orgs     uuid[];
    v_org      uuid;
    v_words    retention_days;
    v_messages integer := 0;
    v_lines    integer := 0;
    v_records  integer := 0;
    v_follow   integer := 0;
    v_reasons  integer := 0;
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
    -- Which clinics have words that are too old, or a day to tell of. In order, as everybody takes their counters.
    SELECT coalesce(array_agg(due.id ORDER BY due.id), '{}') INTO v_orgs
    FROM (SELECT o.id FROM orgs o
          WHERE EXISTS (SELECT FROM sms_messages m
                        WHERE m.org_id = o.id AND m.body IS NOT NULL AND m.created_at < now() - make_interval(days => o.message_days))
             OR EXISTS (SELECT FROM calls c
                        WHERE c.org_id = o.id AND c.forgotten_at IS NULL AND c.started_at < now() - make_interval(days => o.transcript_days))
             OR EXISTS (SELECT FROM calls c
                        WHERE c.org_id = o.id AND c.recording_url IS NOT NULL AND c.started_at < now() - make_interval(days => o.recording_days))
             OR EXISTS (SELECT FROM follow_ups f
                        WHERE f.org_id = o.id AND f.status = 'done' AND f.forgotten_at IS NULL AND f.done_at < now() - make_interval(days => o.message_days))
             OR EXISTS (SELECT FROM events e
                        WHERE e.org_id = o.id AND e.type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.cancelled')
                          AND e.data ? 'reason' AND e.at < now() - make_interval(days => o.transcript_days))
             OR EXISTS (SELECT FROM retention_days r WHERE r.org_id = o.id AND NOT r.told AND r.day < (now() AT TIME ZONE o.time_zone)::date)
          ORDER BY o.id LIMIT 20) AS due;
    PERFORM set_config('app.scope', '', true);
    FOREACH v_org IN ARRAY v_orgs LOOP
        v_words := forget_words(act_for(v_org), p_limit);
        v_messages := v_messages + v_words.messages;
        v_lines := v_lines + v_words.transcripts;
        v_records := v_records + v_words.recordings;
        v_follow := v_follow + v_words.follow_ups;
        v_reasons := v_reasons + v_words.reasons;
    END LOOP;
    RETURN jsonb_build_object('outbox', v_outbox, 'idempotency_keys', v_keys, 'webhook_seen', v_webhooks, 'sms_bodies', v_messages,
                              'transcripts', v_lines, 'recordings', v_records, 'follow_up_words', v_follow, 'event_reasons', v_reasons);
END
$$;
