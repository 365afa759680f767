-- Note why the queue did not take these rows, and when to try again.
CREATE OR REPLACE FUNCTION frontdesk.mark_outbox_failed(p_ids bigint[], p_code text, p_retry_seconds integer DEFAULT 60) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET enable_bitmapscan = off   -- by the primary key, hence in its order: overlapping batches cannot lock each other out
SET enable_seqscan = off
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    UPDATE outbox x SET last_error_code = left(p_code, 80), next_at = now() + make_interval(secs => p_retry_seconds)
    WHERE x.id = ANY (p_ids) AND x.sent_at IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count);
END
$$;
