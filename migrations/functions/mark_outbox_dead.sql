-- Note that this row can never be worked on, and why; its queue message goes to the dead-letter queue.
CREATE OR REPLACE FUNCTION frontdesk.mark_outbox_dead(p_org_id uuid, p_outbox_id bigint, p_code text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    UPDATE outbox x SET dead_at = now(), last_error_code = left(p_code, 80)
    WHERE x.org_id = p_org_id AND x.id = p_outbox_id AND x.dead_at IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN jsonb_build_object('count', v_count);
END
$$;
