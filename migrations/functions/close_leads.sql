-- The lead of a contact who has now booked, by whatever way, is won, and nobody need call them back about it: the
-- rule's follow-up is done, unless somebody has taken it up. Part of every booking.
CREATE OR REPLACE FUNCTION frontdesk.close_leads(p_org_id uuid, p_phone text, p_contact_id uuid, p_appointment_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_done frontdesk.follow_ups;
BEGIN
    UPDATE frontdesk.leads l
    SET status = 'booked', status_at = now(), updated_at = now(), version = l.version + 1,
        appointment_id = p_appointment_id, contact_id = p_contact_id
    WHERE l.org_id = p_org_id AND l.status IN ('new', 'contacted', 'lost') AND l.phone = p_phone;
    FOR v_done IN
        UPDATE frontdesk.follow_ups f
        SET status = 'done', done_at = now(), done_by = 'system', version = f.version + 1
        WHERE f.org_id = p_org_id AND f.phone = p_phone AND f.status = 'open' AND f.rule = 'call'
          AND f.missed_calls = 0 AND f.assignee_id IS NULL AND f.snoozed_until IS NULL
        RETURNING f.*
    LOOP
        PERFORM frontdesk.record_change(p_org_id, 'follow_up.done', NULL, v_done.id, v_done.contact_id, v_done.version,
                                        v_done.call_id, 'system', '{}', '{notify}');
    END LOOP;
END
$$;
