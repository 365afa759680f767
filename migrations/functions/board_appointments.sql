-- Appointments as the staff's board shows them, in the order of their start: the row, the names beside it, how its
-- last text fared, and whether the provider's calendar has it. `sms` is null where none was sent.
--
-- calendar.state: none (the provider has no calendar, or there is nothing to write), pending, written (what Google
-- has is the appointment's time; for a cancelled one: nothing), failed, paused (the clinic must connect again).
CREATE OR REPLACE FUNCTION frontdesk.board_appointments(p_org_id uuid, p_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'id', a.id, 'version', a.version, 'status', a.status, 'starts_at', a.starts_at, 'ends_at', a.ends_at,
               'provider_id', a.provider_id, 'provider_name', p.name, 'service_id', a.service_id, 'service_name', s.name,
               'contact_id', a.contact_id, 'patient_name', a.patient_name, 'phone', c.phone, 'email', c.email,
               'is_new_patient', a.is_new_patient, 'notes', a.notes, 'source', a.source,
               'confirmation_code', a.confirmation_code, 'overbooked', a.overbooked, 'call_id', a.call_id,
               'created_at', a.created_at, 'updated_at', a.updated_at,
               'sms', m.told,
               'calendar', jsonb_build_object('state', g.state, 'error_code', g.error_code, 'at', g.at))
               ORDER BY a.starts_at, a.id), '[]')
    INTO v_answer
    FROM unnest(p_ids) AS wanted (id)
    JOIN frontdesk.appointments a ON a.org_id = p_org_id AND a.id = wanted.id
    JOIN frontdesk.providers p ON p.org_id = p_org_id AND p.id = a.provider_id
    JOIN frontdesk.services s ON s.org_id = p_org_id AND s.id = a.service_id
    JOIN frontdesk.contacts c ON c.org_id = p_org_id AND c.id = a.contact_id
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object('kind', t.kind, 'state', t.state, 'error_code', t.error_code, 'at', t.updated_at) AS told
        FROM frontdesk.sms_messages t
        WHERE t.org_id = p_org_id AND t.appointment_id = a.id AND t.direction = 'out'
        ORDER BY t.created_at DESC, t.id DESC LIMIT 1
    ) AS m ON true
    LEFT JOIN frontdesk.google_connections o ON o.org_id = p_org_id
    LEFT JOIN frontdesk.calendars k ON k.org_id = p_org_id AND k.provider_id = a.provider_id
    LEFT JOIN frontdesk.calendar_events e ON e.org_id = p_org_id AND e.appointment_id = a.id AND e.calendar_id = k.id
    CROSS JOIN LATERAL (
        SELECT CASE
                   WHEN k.id IS NULL OR o.status IS NULL OR o.status = 'disconnected' THEN 'none'
                   WHEN a.status = 'cancelled' AND e.state = 'deleted' THEN 'written'
                   WHEN a.status <> 'cancelled' AND e.state = 'live'
                        AND e.written_starts_at = a.starts_at AND e.written_ends_at = a.ends_at THEN 'written'
                   -- Nothing was written, and nobody needs it any more.
                   WHEN e.appointment_id IS NULL AND (a.status IN ('cancelled', 'completed', 'no_show') OR a.ends_at < now()) THEN 'none'
                   WHEN o.status = 'reconnect_required' THEN 'paused'
                   WHEN k.status IN ('gone', 'forbidden') OR e.state = 'failed' THEN 'failed'
                   ELSE 'pending'
               END AS state
    ) AS told
    CROSS JOIN LATERAL (
        SELECT told.state, e.updated_at AS at,
               CASE told.state WHEN 'paused' THEN o.reason
                               WHEN 'failed' THEN coalesce(CASE WHEN k.status IN ('gone', 'forbidden') THEN k.status END, e.last_error_code)
                               WHEN 'pending' THEN e.last_error_code END AS error_code
    ) AS g;
    RETURN v_answer;
END
$$;
