-- Note that a connection is alive (written once a minute at most): {"org_id", "last_seq"}, or null where there is no
-- such connection any more. The clinic's last seq lets the other side find out that it missed the last push.
CREATE OR REPLACE FUNCTION frontdesk.connection_seen(p_connection_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org_id uuid;
BEGIN
    v_org_id := live_connection(p_connection_id);
    IF v_org_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE connections c SET last_seen_at = now()
    WHERE c.org_id = v_org_id AND c.connection_id = p_connection_id AND c.last_seen_at < now() - interval '1 minute';
    RETURN jsonb_build_object('org_id', v_org_id, 'last_seq',
        coalesce((SELECT n.last_seq FROM event_counters n WHERE n.org_id = v_org_id), 0));
END
$$;
