-- The text an outbox row asks for: made now, or found, when the row came before. Null where there is nobody to
-- write to. The dedupe key is what is told (kind, what about, which version), not the row: rows may be repeated.
CREATE OR REPLACE FUNCTION frontdesk.text_for_outbox(p_org frontdesk.orgs, p_row frontdesk.outbox) RETURNS uuid
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_about record;
    v_kind  text := CASE WHEN p_row.kind = 'follow_up.missed' THEN 'follow_up_missed' ELSE split_part(p_row.kind, '.', 2) END;
    v_key   text := v_kind || ':' || p_row.aggregate_id || ':' || p_row.version;
    v_id    uuid;
BEGIN
    IF p_row.kind IN ('appointment.reminder', 'sms.again') THEN   -- made by queue_due_reminders, or earlier
        RETURN (SELECT m.id FROM frontdesk.sms_messages m WHERE m.org_id = p_row.org_id AND m.id = p_row.aggregate_id);
    ELSIF p_row.kind = 'follow_up.missed' THEN
        SELECT NULL::uuid AS appointment_id, f.id AS follow_up_id, c.id AS contact_id, coalesce(f.phone, c.phone) AS phone,
               p_row.created_at + interval '12 hours' AS valid_until
        INTO v_about
        FROM frontdesk.follow_ups f
        LEFT JOIN frontdesk.contacts c ON c.org_id = f.org_id AND c.id = f.contact_id AND c.erased_at IS NULL
        WHERE f.org_id = p_row.org_id AND f.id = p_row.aggregate_id;
    ELSE
        -- Two days is long enough for any trouble of Twilio's; after the visit began it tells nothing.
        SELECT a.id AS appointment_id, NULL::uuid AS follow_up_id, c.id AS contact_id, c.phone,
               least(a.starts_at, p_row.created_at + interval '48 hours') AS valid_until
        INTO v_about
        FROM frontdesk.appointments a
        JOIN frontdesk.contacts c ON c.org_id = a.org_id AND c.id = a.contact_id AND c.erased_at IS NULL
        WHERE a.org_id = p_row.org_id AND a.id = p_row.aggregate_id;
    END IF;
    IF v_about.phone IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO frontdesk.sms_messages (org_id, id, direction, kind, appointment_id, follow_up_id, contact_id, version, dedupe_key,
                                        phone, language, state, next_at, sweep_at, valid_until)
    VALUES (p_row.org_id, frontdesk.new_id(), 'out', v_kind, v_about.appointment_id, v_about.follow_up_id, v_about.contact_id,
            p_row.version, v_key, v_about.phone, p_org.language, 'queued',
            now(), now() + interval '2 minutes',   -- should the worker die before it claims
            v_about.valid_until)
    ON CONFLICT (org_id, dedupe_key) DO NOTHING;
    SELECT m.id INTO v_id FROM frontdesk.sms_messages m WHERE m.org_id = p_row.org_id AND m.dedupe_key = v_key;
    RETURN v_id;
END
$$;
