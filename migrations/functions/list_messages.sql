-- Texts both ways, newest first: {"items": [...], "next": [created_at, id] of the last one, or null}.
-- All filters may be given together; a contact or appointment that is not there has no texts.
CREATE OR REPLACE FUNCTION frontdesk.list_messages(
    p_org_id         uuid,
    p_contact_id     uuid DEFAULT NULL,
    p_appointment_id uuid DEFAULT NULL,
    p_direction      text DEFAULT NULL,
    p_states         text[] DEFAULT NULL,
    p_before_at      timestamptz DEFAULT NULL,
    p_before_id      uuid DEFAULT NULL,
    p_limit          integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_directions text[] := CASE WHEN p_direction IS NULL THEN '{in,out}' ELSE ARRAY[p_direction] END;
    v_at         timestamptz := coalesce(p_before_at, 'infinity');
    v_id         uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    v_phones     text[];
    v_found      uuid[];   -- newest first, one more than asked for
    v_answer     jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    -- Each kind of question its own statement, for each has its own index.
    IF p_contact_id IS NOT NULL THEN
        -- By the number: texts from before the person became a contact are theirs too.
        v_phones := ARRAY(SELECT c.phone::text FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (person_ids(p_org_id, p_contact_id)));
        SELECT array_agg(f.id ORDER BY f.created_at DESC, f.id DESC) INTO v_found
        FROM (SELECT m.id, m.created_at FROM sms_messages m
              WHERE m.org_id = p_org_id AND m.phone = ANY (v_phones) AND m.created_at <= v_at AND (m.created_at, m.id) < (v_at, v_id)
                AND m.direction = ANY (v_directions) AND (p_states IS NULL OR m.state = ANY (p_states))
                AND (p_appointment_id IS NULL OR m.appointment_id = p_appointment_id)
              ORDER BY m.created_at DESC, m.id DESC LIMIT p_limit + 1) AS f;
    ELSIF p_appointment_id IS NOT NULL THEN
        SELECT array_agg(f.id ORDER BY f.created_at DESC, f.id DESC) INTO v_found
        FROM (SELECT m.id, m.created_at FROM sms_messages m
              WHERE m.org_id = p_org_id AND m.appointment_id = p_appointment_id AND (m.created_at, m.id) < (v_at, v_id)
                AND m.direction = ANY (v_directions) AND (p_states IS NULL OR m.state = ANY (p_states))
              ORDER BY m.created_at DESC, m.id DESC LIMIT p_limit + 1) AS f;
    ELSE
        SELECT array_agg(f.id ORDER BY f.created_at DESC, f.id DESC) INTO v_found
        FROM (SELECT each.id, each.created_at
              FROM unnest(v_directions) AS wanted (direction)
              CROSS JOIN LATERAL (
                  SELECT m.id, m.created_at FROM sms_messages m
                  WHERE m.org_id = p_org_id AND m.direction = wanted.direction AND (m.created_at, m.id) < (v_at, v_id)
                    AND (p_states IS NULL OR m.state = ANY (p_states))
                  ORDER BY m.created_at DESC, m.id DESC LIMIT p_limit + 1) AS each
              ORDER BY each.created_at DESC, each.id DESC LIMIT p_limit + 1) AS f;
    END IF;
    SELECT jsonb_build_object(
        -- Each by its key: a join would be planned without knowing how few there are.
        'items', coalesce(jsonb_agg((SELECT message_json(m) FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = page.id)
                                    ORDER BY place), '[]'),
        'next', CASE WHEN cardinality(v_found) > p_limit THEN (
            SELECT jsonb_build_array(m.created_at, m.id) FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = v_found[p_limit]) END)
    INTO v_answer
    FROM unnest(v_found[:p_limit]) WITH ORDINALITY AS page (id, place);
    RETURN v_answer;
END
$$;
