-- See to calls whose end-of-call report never came, at most p_limit: those that ended a quarter of an hour ago, and
-- those nothing was heard of for 13 hours (Vapi ends every call after 12). Should the report come later, it is taken in.
CREATE OR REPLACE FUNCTION frontdesk.settle_calls(p_limit integer DEFAULT 100) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_due    jsonb;
    v_one    jsonb;
    v_before calls;
    v_call   calls;
    v_count  integer := 0;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    SELECT coalesce(jsonb_agg(jsonb_build_object('org', org_id, 'id', id) ORDER BY org_id, id), '[]') INTO v_due
    FROM (SELECT c.org_id, c.id FROM calls c
          WHERE c.settled_at IS NULL
            AND c.updated_at < now() - CASE c.state WHEN 'ended' THEN interval '15 minutes' ELSE interval '13 hours' END
          ORDER BY c.updated_at LIMIT least(p_limit, 100)) AS due;   -- an org's event counter is held until the commit
    PERFORM set_config('app.scope', '', true);
    FOR v_one IN SELECT * FROM jsonb_array_elements(v_due) LOOP
        PERFORM act_for((v_one ->> 'org')::uuid);
        SELECT * INTO v_before FROM calls c
        WHERE c.org_id = (v_one ->> 'org')::uuid AND c.id = (v_one ->> 'id')::uuid AND c.settled_at IS NULL
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;   -- its report is just being taken in, or another dispatch was faster
        UPDATE calls c
        SET state = 'ended', settled_at = now(), contact_id = call_contact(v_before),
            ended_reason = coalesce(c.ended_reason, 'never-reported')
        WHERE c.org_id = v_before.org_id AND c.id = v_before.id
        RETURNING * INTO v_call;
        UPDATE calls c SET outcome = call_outcome(v_call) WHERE c.org_id = v_call.org_id AND c.id = v_call.id RETURNING * INTO v_call;
        PERFORM settle_call(v_call);
        PERFORM call_event(v_call, CASE WHEN v_before.state = 'ended' THEN 'call.reported' ELSE 'call.ended' END);
        v_count := v_count + 1;
    END LOOP;
    RETURN jsonb_build_object('count', v_count);
END
$$;
