-- An event as the boards are told it: ids and what record_change was given, times in ISO 8601.
CREATE OR REPLACE FUNCTION frontdesk.pushed_event(p_event frontdesk.events) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'action', 'event', 'seq', p_event.seq, 'type', p_event.type, 'at', p_event.at, 'actor', p_event.actor,
        'appointment_id', p_event.appointment_id, 'contact_id', p_event.contact_id, 'follow_up_id', p_event.follow_up_id,
        'call_id', p_event.call_id, 'data', p_event.data)
$$;
