-- How many rows wait to be sent, for how long the oldest does (seconds; 0 when none), and how many are dead; and how
-- many clinics' calendars and texts stand still until somebody does something.
CREATE OR REPLACE FUNCTION frontdesk.outbox_backlog() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    SELECT jsonb_build_object(
        'unsent', count(*),
        'oldest_seconds', greatest(0, coalesce(extract(epoch FROM now() - min(x.created_at)), 0))::double precision,
        'dead', (SELECT count(*) FROM outbox d WHERE d.dead_at IS NOT NULL),
        'calendars_paused', (SELECT count(*) FROM google_connections g WHERE g.status = 'reconnect_required'),
        'texts_paused', (SELECT count(*) FROM orgs o WHERE o.sms_paused_reason IS NOT NULL))
    INTO v_answer
    FROM outbox x WHERE x.sent_at IS NULL AND x.dead_at IS NULL;
    PERFORM set_config('app.scope', '', true);
    RETURN v_answer;
END
$$;
