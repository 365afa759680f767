-- A person's story, newest first: {"outcome": "found", "items": [...], "next": [at, key] of the last one, or null},
-- or not_found.
--
-- From four sources: events (appointments, follow-ups, calendar, changes), calls, texts, and notes. What an event says
-- about a call, a text or a note is left out, for these are listed themselves, as they are now. Each entry has a key
-- that never changes (a letter for its source, and the seq or id), so that a page ends at the same place whatever is
-- added meanwhile.
CREATE OR REPLACE FUNCTION frontdesk.contact_timeline(
    p_org_id     uuid,
    p_contact_id uuid,
    p_kinds      text[] DEFAULT NULL,     -- appointment, sms, call, note, follow_up, calendar, contact; null: all
    p_before_at  timestamptz DEFAULT NULL,
    p_before_key text DEFAULT NULL,
    p_limit      integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_at     timestamptz := coalesce(p_before_at, 'infinity');
    v_key    text := coalesce(p_before_key, '~');
    v_person uuid[];   -- one person may be several contacts
    v_phones text[];
    v_visits uuid[];
    v_asked  uuid[];   -- follow-ups from before the caller was a contact
    v_answer jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    v_person := person_ids(p_org_id, p_contact_id);
    IF v_person = '{}' THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    v_phones := ARRAY(SELECT c.phone::text FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_person));
    v_visits := ARRAY(SELECT a.id FROM appointments a WHERE a.org_id = p_org_id AND a.contact_id = ANY (v_person));
    v_asked := ARRAY(SELECT f.id FROM follow_ups f WHERE f.org_id = p_org_id AND f.phone = ANY (v_phones) AND f.contact_id IS NULL);
    WITH told AS (
        SELECT e.* FROM events e WHERE e.org_id = p_org_id AND e.contact_id = ANY (v_person)
        UNION ALL   -- what the calendar says of a visit names only the visit
        SELECT e.* FROM events e WHERE e.org_id = p_org_id AND e.appointment_id = ANY (v_visits) AND e.contact_id IS NULL
    ), entries AS (
        SELECT e.at, 'e' || lpad(e.seq::text, 19, '0') AS key,
               CASE split_part(e.type, '.', 1) WHEN 'appointment' THEN 'appointment' WHEN 'follow_up' THEN 'follow_up' WHEN 'sms' THEN 'sms'
                    WHEN 'lead' THEN 'call' WHEN 'calendar' THEN 'calendar' ELSE 'contact' END AS kind,
               e.type, e.actor, e.seq, e.appointment_id, e.follow_up_id, e.call_id, e.data, NULL::uuid AS row_id
        FROM told e
        WHERE e.type NOT LIKE 'call.%'
          AND e.type NOT IN ('sms.sent', 'sms.failed', 'sms.received', 'sms.paused', 'sms.resent', 'contact.noted')
        UNION ALL
        SELECT f.created_at, 'f' || f.id, 'follow_up', 'follow_up.created', f.source, NULL, NULL, f.id, f.call_id, '{}', NULL
        FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = ANY (v_asked)
        UNION ALL
        SELECT k.started_at, 'c' || k.id, 'call', CASE k.direction WHEN 'outbound' THEN 'call.out' ELSE 'call.in' END,
               'voice', NULL, NULL, NULL, k.vapi_call_id, '{}', k.id
        FROM calls k WHERE k.org_id = p_org_id AND (k.contact_id = ANY (v_person) OR k.phone = ANY (v_phones))
        UNION ALL
        SELECT m.created_at, 'm' || m.id, 'sms', CASE m.direction WHEN 'in' THEN 'sms.in' ELSE 'sms.out' END,
               CASE m.direction WHEN 'in' THEN 'patient' ELSE 'system' END, NULL, m.appointment_id, m.follow_up_id, NULL, '{}', m.id
        FROM sms_messages m WHERE m.org_id = p_org_id AND m.phone = ANY (v_phones)
        UNION ALL
        SELECT n.created_at, 'n' || n.id, 'note', 'contact.noted', 'staff:' || n.staff_id, NULL, NULL, NULL, NULL, '{}', n.id
        FROM contact_notes n WHERE n.org_id = p_org_id AND n.contact_id = ANY (v_person)
    ), found AS (
        SELECT x.*, row_number() OVER (ORDER BY x.at DESC, x.key COLLATE "C" DESC) AS place
        FROM entries x
        WHERE (p_kinds IS NULL OR x.kind = ANY (p_kinds)) AND (x.at < v_at OR (x.at = v_at AND x.key COLLATE "C" < v_key))
        ORDER BY x.at DESC, x.key COLLATE "C" DESC
        LIMIT p_limit + 1
    )
    SELECT jsonb_build_object(
        'outcome', 'found',
        'items', coalesce(jsonb_agg(
            jsonb_build_object('at', f.at, 'kind', f.kind, 'type', f.type, 'actor', f.actor, 'actor_name', actor_name(p_org_id, f.actor),
                               'seq', f.seq, 'call_id', f.call_id, 'data', f.data)
            || CASE WHEN f.appointment_id IS NOT NULL THEN jsonb_build_object('appointment', appointment_json(p_org_id, f.appointment_id)) ELSE '{}' END
            || CASE WHEN f.follow_up_id IS NOT NULL THEN jsonb_build_object('follow_up', (
                   SELECT follow_up_json(u) FROM follow_ups u WHERE u.org_id = p_org_id AND u.id = f.follow_up_id)) ELSE '{}' END
            || CASE WHEN f.key LIKE 'm%' THEN jsonb_build_object('message', (
                   SELECT message_json(m) FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = f.row_id)) ELSE '{}' END
            || CASE WHEN f.key LIKE 'n%' THEN jsonb_build_object('note', (
                   SELECT note_json(n) FROM contact_notes n WHERE n.org_id = p_org_id AND n.id = f.row_id)) ELSE '{}' END
            || CASE WHEN f.key LIKE 'c%' THEN jsonb_build_object('call', (
                   SELECT call_json(k) FROM calls k WHERE k.org_id = p_org_id AND k.id = f.row_id)) ELSE '{}' END
            ORDER BY f.place) FILTER (WHERE f.place <= p_limit), '[]'),
        'next', CASE WHEN count(*) > p_limit THEN
            (jsonb_agg(jsonb_build_array(f.at, f.key) ORDER BY f.place)) -> (p_limit - 1) END)
    INTO v_answer
    FROM found f;
    RETURN v_answer;
END
$$;
