-- Find an open connection by API Gateway's id and become its clinic: the clinic's id, or null for a connection
-- that is unknown, over its time, or of somebody who was revoked.
CREATE OR REPLACE FUNCTION frontdesk.live_connection(p_connection_id text) RETURNS uuid
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_org_id uuid;
BEGIN
    -- A message on a socket names its connection, not its clinic.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT c.org_id INTO v_org_id
    FROM frontdesk.connections c
    JOIN frontdesk.staff s ON s.org_id = c.org_id AND s.id = c.staff_id
    WHERE c.connection_id = p_connection_id AND c.expires_at > now() AND s.revoked_at IS NULL;
    PERFORM set_config('app.scope', '', true);
    PERFORM set_config('app.org_id', coalesce(v_org_id::text, ''), true);
    RETURN v_org_id;
END
$$;
