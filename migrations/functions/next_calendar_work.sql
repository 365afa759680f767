-- What the worker must do about an outbox row: write (an appointment's events), sync, watch or compare (a
-- calendar), or skip. May be asked any number of times. Reference: docs/calendar.md.
--
-- Also acknowledges the row: it has evidently arrived, and from here on the rows it is about, which dispatch looks
-- through, answer for it.
CREATE OR REPLACE FUNCTION frontdesk.next_calendar_work(p_org_id uuid, p_outbox_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_row    outbox;
    v_status text;
BEGIN
    PERFORM act_for(p_org_id);
    UPDATE outbox x SET sent_at = coalesce(x.sent_at, now()) WHERE x.org_id = p_org_id AND x.id = p_outbox_id AND x.sent_at IS NULL;
    SELECT * INTO v_row FROM outbox x WHERE x.org_id = p_org_id AND x.id = p_outbox_id;
    IF NOT FOUND THEN
        RETURN '{"action": "skip", "reason": "unknown_row"}';
    ELSIF v_row.queue <> 'calendar' OR NOT (v_row.kind LIKE 'appointment.%' OR v_row.kind IN (
        'calendar.write_again', 'calendar.sync', 'calendar.watch', 'calendar.compare')) THEN
        RETURN '{"action": "skip", "reason": "other_kind"}';
    END IF;
    SELECT g.status INTO v_status FROM google_connections g WHERE g.org_id = p_org_id;
    IF v_status IS DISTINCT FROM 'connected' THEN
        -- Nothing is lost: whoever connects again queues what is then not as it should be (save_google_tokens).
        UPDATE calendar_events e SET next_at = NULL WHERE e.org_id = p_org_id AND e.appointment_id = v_row.aggregate_id;
        RETURN jsonb_build_object('action', 'skip',
            'reason', CASE v_status WHEN 'reconnect_required' THEN 'paused' ELSE 'not_connected' END);
    ELSIF v_row.kind LIKE 'appointment.%' OR v_row.kind = 'calendar.write_again' THEN
        -- A change of the visit is seen by whoever writes just now; what else asks for a write comes back after them.
        RETURN jsonb_build_object('action', 'write', 'appointment_id', v_row.aggregate_id,
                                  'wait', v_row.kind = 'calendar.write_again');
    ELSIF NOT EXISTS (SELECT FROM calendars c WHERE c.org_id = p_org_id AND c.id = v_row.aggregate_id AND c.provider_id IS NOT NULL) THEN
        RETURN '{"action": "skip", "reason": "not_assigned"}';
    END IF;
    RETURN jsonb_build_object('action', split_part(v_row.kind, '.', 2), 'calendar_id', v_row.aggregate_id);
END
$$;
