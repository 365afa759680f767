-- Note that the queue took these rows. Repeating it, or another sender having been faster, does no harm.
CREATE OR REPLACE FUNCTION frontdesk.mark_outbox_sent(p_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET enable_bitmapscan = off   -- by the primary key, hence in its order: overlapping batches cannot lock each other out
SET enable_seqscan = off
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    UPDATE outbox x SET sent_at = now(), last_error_code = NULL
    WHERE x.id = ANY (p_ids) AND x.sent_at IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count);
END
$$;
