-- Let events be pushed to a connection from now on: {"org_id"}, or null where there is no such connection.
--
-- This must be committed before missed_events reads, hence two calls: an event whose push did not yet see the
-- greeting was committed before it, and so before the reading. Greeting and reading in one transaction would lose
-- an event that commits between the two, when its push runs before that transaction ends.
CREATE OR REPLACE FUNCTION frontdesk.greet_connection(p_connection_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org_id uuid;
BEGIN
    v_org_id := live_connection(p_connection_id);
    UPDATE connections c SET greeted_at = coalesce(c.greeted_at, clock_timestamp()), last_seen_at = clock_timestamp()
    WHERE c.org_id = v_org_id AND c.connection_id = p_connection_id;
    RETURN CASE WHEN FOUND THEN jsonb_build_object('org_id', v_org_id) END;
END
$$;
