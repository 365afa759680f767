-- Take these people out of what is written about them: leads, follow-ups (open ones are done with), notes, facts,
-- events, kept answers, wrong guesses, links to visits. Returns the follow-ups that were open.
CREATE OR REPLACE FUNCTION frontdesk.erase_words(
    p_org_id   uuid,
    p_contacts uuid[],
    p_phones   text[],
    p_visits   uuid[],
    p_calls    text[],                         -- Vapi's ids
    p_actor    text
) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_open uuid[];
    v_all  uuid[];
    v_like text[];
BEGIN
    UPDATE frontdesk.leads l
    SET phone = CASE WHEN l.phone = ANY (p_phones) THEN frontdesk.unused_phone(p_org_id) ELSE l.phone END,
        name = NULL, note = NULL, version = l.version + 1, updated_at = now(),
        status = CASE WHEN l.status IN ('new', 'contacted') THEN 'lost' ELSE l.status END
    WHERE l.org_id = p_org_id AND (l.phone = ANY (p_phones) OR l.contact_id = ANY (p_contacts));
    DELETE FROM frontdesk.contact_facts f WHERE f.org_id = p_org_id AND (f.phone = ANY (p_phones) OR f.contact_id = ANY (p_contacts));
    DELETE FROM frontdesk.contact_notes n WHERE n.org_id = p_org_id AND n.contact_id = ANY (p_contacts);
    DELETE FROM frontdesk.patient_links k WHERE k.org_id = p_org_id AND k.appointment_id = ANY (p_visits);
    SELECT coalesce(array_agg(f.id), '{}'), coalesce(array_agg(f.id) FILTER (WHERE f.status = 'open'), '{}') INTO v_all, v_open
    FROM (SELECT * FROM frontdesk.follow_ups f
          WHERE f.org_id = p_org_id AND (f.phone = ANY (p_phones) OR f.contact_id = ANY (p_contacts)) ORDER BY f.id FOR UPDATE) AS f;
    UPDATE frontdesk.follow_ups f
    SET phone = NULL, caller_name = NULL, message = '(erased)', preferred_time = NULL, outcome = NULL, forgotten_at = now(), version = f.version + 1,
        status = 'done', done_at = coalesce(f.done_at, now()), done_by = coalesce(f.done_by, p_actor)
    WHERE f.org_id = p_org_id AND f.id = ANY (v_all);
    UPDATE frontdesk.events e SET data = frontdesk.impersonal_data(e.type, e.data)
    WHERE e.org_id = p_org_id AND e.data <> '{}'
      AND (e.contact_id = ANY (p_contacts) OR e.appointment_id = ANY (p_visits) OR e.follow_up_id = ANY (v_all) OR e.call_id = ANY (p_calls));
    DELETE FROM frontdesk.verification_failures x
    WHERE x.org_id = p_org_id AND (x.subject IN (SELECT 'phone:' || p FROM unnest(p_phones) AS p) OR x.subject IN (SELECT 'call:' || c FROM unnest(p_calls) AS c));
    -- An answer that quotes them names one of these. Its repetition is then a new request: of a call that is over.
    SELECT array_agg('%' || known || '%') INTO v_like
    FROM (SELECT unnest(p_contacts || p_visits || v_all)::text UNION SELECT unnest(p_phones)) AS named (known);
    DELETE FROM frontdesk.idempotency_keys k
    WHERE k.org_id = p_org_id AND (k.answer::text LIKE ANY (v_like) OR split_part(k.key, ':', 2) = ANY (p_calls));
    RETURN v_open;
END
$$;
