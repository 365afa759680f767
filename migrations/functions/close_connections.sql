-- Forget connections that are gone, whichever clinics' they were: {"count"}. Repeating it does no harm.
CREATE OR REPLACE FUNCTION frontdesk.close_connections(p_connection_ids text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH gone AS (
        SELECT c.org_id, c.connection_id FROM connections c WHERE c.connection_id = ANY (p_connection_ids)
        ORDER BY c.connection_id FOR UPDATE)
    DELETE FROM connections x USING gone WHERE x.org_id = gone.org_id AND x.connection_id = gone.connection_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count);
END
$$;
