-- Let a clinic's texts go again after a pause; what waited and is still useful is sent within a minute or two.
-- Outcomes: resumed, not_paused.
CREATE OR REPLACE FUNCTION frontdesk.resume_sms(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_waiting integer;
BEGIN
    PERFORM act_for(p_org_id);
    UPDATE orgs o SET sms_paused_reason = NULL, sms_paused_at = NULL WHERE o.id = p_org_id AND o.sms_paused_reason IS NOT NULL;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_paused", "waiting": 0}';
    END IF;
    WITH waiting AS (
        SELECT q.id FROM sms_messages q
        WHERE q.org_id = p_org_id AND q.state IN ('queued', 'retry', 'unknown') ORDER BY q.id FOR UPDATE)
    UPDATE sms_messages m SET next_at = now(), sweep_at = now(), updated_at = now()
    FROM waiting WHERE m.org_id = p_org_id AND m.id = waiting.id;
    GET DIAGNOSTICS v_waiting = ROW_COUNT;
    RETURN jsonb_build_object('outcome', 'resumed', 'waiting', v_waiting);
END
$$;
