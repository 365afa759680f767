-- Put texts on the queue again whose time has come and which have not ended: to be tried again, to be reconciled,
-- put off by quiet hours or a pause, or left by a worker that died. A claim that was never recorded is unknown
-- from here on: Twilio may have the text. One that Twilio has, but whose end no callback told, is asked for an
-- hour after it was accepted, 6 and 24 hours after its claim, and then left as it is.
CREATE OR REPLACE FUNCTION frontdesk.sweep_sms(p_limit integer DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_count   bigint;
    v_unknown bigint;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH due AS (
        SELECT m.org_id, m.id, m.state
        FROM sms_messages m
        WHERE m.sweep_at <= now() AND m.state IN ('queued', 'claimed', 'unknown', 'retry', 'accepted', 'sent')
        ORDER BY m.sweep_at LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ), swept AS (
        UPDATE sms_messages m
        SET state = CASE m.state WHEN 'claimed' THEN 'unknown' ELSE m.state END,
            sweep_at = CASE
                WHEN o.sms_paused_reason IS NOT NULL THEN now() + interval '10 minutes'   -- or resume_sms
                WHEN m.state NOT IN ('accepted', 'sent') THEN now() + interval '3 minutes' -- should this turn be lost as well
                WHEN now() < m.claimed_at + interval '6 hours' THEN m.claimed_at + interval '6 hours'
                WHEN now() < m.claimed_at + interval '24 hours' THEN m.claimed_at + interval '24 hours' END,
            updated_at = now()
        FROM due
        JOIN orgs o ON o.id = due.org_id
        WHERE m.org_id = due.org_id AND m.id = due.id
        RETURNING m.org_id, m.id, m.version, due.state AS was, o.sms_paused_reason
    ), sent AS (
        INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)
        SELECT org_id, 'sms', 'sms.again', id, version, 0 FROM swept WHERE sms_paused_reason IS NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM sent), (SELECT count(*) FROM swept WHERE was = 'claimed') INTO v_count, v_unknown;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count, 'now_unknown', v_unknown);
END
$$;
