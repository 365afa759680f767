-- Take somebody's access away at once: their next request is refused, no ticket of theirs opens a socket, and the
-- event makes the push function end the sockets they have. Returns the outbox rows; null where they had no access.
--
-- Their sign-in is forgotten, so that an invitation later on is a new one. The row stays: the timeline names them.
CREATE OR REPLACE FUNCTION frontdesk.end_staff(p_org_id uuid, p_staff_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    UPDATE frontdesk.staff s SET revoked_at = now(), issuer = NULL, subject = NULL
    WHERE s.org_id = p_org_id AND s.id = p_staff_id AND s.revoked_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    DELETE FROM frontdesk.ws_tickets t WHERE t.org_id = p_org_id AND t.staff_id = p_staff_id;
    RETURN frontdesk.record_change(
        p_org_id, 'staff.revoked', NULL, NULL, NULL, 1, NULL, p_actor, jsonb_build_object('staff_id', p_staff_id), '{notify}');
END
$$;
