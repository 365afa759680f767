-- Decide what must follow a call that has ended: a lead, when it ended without an appointment, and a follow-up, when
-- the caller was missed or asked and got none. May be asked again whenever more is heard; decides once.
--
-- No lead: of a withheld number (nobody to call back), of our own calls, of wrong numbers and sellers, and of who has
-- a coming appointment: an existing patient with a question. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.settle_call(p_call frontdesk.calls) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_lead   jsonb;
    v_outbox jsonb := '[]';
BEGIN
    IF p_call.outcome IN ('no_booking', 'missed', 'failed', 'transferred', 'message_taken')
       AND p_call.direction = 'inbound' AND p_call.phone IS NOT NULL
       AND coalesce(p_call.intent, '') NOT IN ('wrong_number', 'spam', 'sales')
       AND NOT EXISTS (SELECT FROM frontdesk.contacts c
                       JOIN frontdesk.appointments a ON a.org_id = c.org_id AND a.contact_id = c.id
                       WHERE c.org_id = p_call.org_id AND c.phone = p_call.phone
                         AND a.status IN ('pending', 'confirmed', 'arrived') AND a.starts_at > p_call.started_at) THEN
        SELECT o_lead, o_outbox INTO v_lead, v_outbox FROM frontdesk.lead_of_call(p_call);
    ELSE
        -- It was taken for one before its booking was heard of; nobody has worked on it yet.
        UPDATE frontdesk.calls c SET lead_id = NULL WHERE c.org_id = p_call.org_id AND c.id = p_call.id;
        DELETE FROM frontdesk.leads l
        WHERE l.org_id = p_call.org_id AND l.call_id = p_call.id AND l.status = 'new' AND l.version = 1
          AND NOT EXISTS (SELECT FROM frontdesk.calls c WHERE c.org_id = l.org_id AND c.lead_id = l.id);
    END IF;
    v_outbox := v_outbox || frontdesk.follow_up_of_call(p_call, coalesce(v_lead ->> 'status' IN ('new', 'contacted'), false));
    UPDATE frontdesk.calls c SET settled_at = coalesce(c.settled_at, now()) WHERE c.org_id = p_call.org_id AND c.id = p_call.id;
    RETURN v_outbox;
END
$$;
