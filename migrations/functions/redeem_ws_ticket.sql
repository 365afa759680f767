-- Open a socket with a ticket: the ticket is used up whatever comes of it, and the answer is null for one that is
-- unknown, used, older than its 30 seconds, or of somebody who was revoked meanwhile. Else {"org_id", "staff_id"}.
--
-- Nothing is pushed to the connection before its hello (greet_connection).
CREATE OR REPLACE FUNCTION frontdesk.redeem_ws_ticket(
    p_ticket_hash   text,   -- SHA-256, hex
    p_connection_id text    -- API Gateway's
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org_id uuid;
    v_ticket ws_tickets;
BEGIN
    -- A ticket comes before the clinic is known.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT t.org_id INTO v_org_id FROM ws_tickets t WHERE t.ticket_hash = p_ticket_hash;
    PERFORM set_config('app.scope', '', true);
    PERFORM set_config('app.org_id', coalesce(v_org_id::text, ''), true);
    -- Of two who bring it at once, the second waits here and then finds nothing.
    DELETE FROM ws_tickets t WHERE t.org_id = v_org_id AND t.ticket_hash = p_ticket_hash RETURNING * INTO v_ticket;
    IF NOT FOUND OR v_ticket.expires_at <= now() THEN
        RETURN NULL;
    END IF;
    -- Shared: a revocation either is seen here, or waits and then finds this connection.
    PERFORM FROM staff s WHERE s.org_id = v_org_id AND s.id = v_ticket.staff_id AND s.revoked_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO connections (org_id, connection_id, staff_id, expires_at)
    -- API Gateway ends a connection after two hours; the rest is for its $disconnect to come.
    VALUES (v_org_id, p_connection_id, v_ticket.staff_id, now() + interval '2 hours 10 minutes');
    RETURN jsonb_build_object('org_id', v_org_id, 'staff_id', v_ticket.staff_id);
END
$$;
