-- Keep a ticket that opens one socket for this person, once, within 30 seconds (redeem_ws_ticket). Only its hash is
-- kept. Outcomes: made, not_staff.
CREATE OR REPLACE FUNCTION frontdesk.create_ws_ticket(p_org_id uuid, p_staff_id uuid, p_ticket_hash text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    -- Shared: a revocation either is seen here, or waits and then finds this ticket.
    PERFORM FROM staff s WHERE s.org_id = p_org_id AND s.id = p_staff_id AND s.revoked_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_staff"}';
    END IF;
    INSERT INTO ws_tickets (org_id, ticket_hash, staff_id, expires_at) VALUES (p_org_id, p_ticket_hash, p_staff_id, now() + interval '30 seconds');
    RETURN '{"outcome": "made", "expires_in": 30}';
END
$$;
