-- An org's calls, newest first: {items, next}. p_until excludes; p_query is searched in the transcripts as a person
-- would write it (words, "phrases", -without); a hit carries up to three of its lines under 'matches'.
-- p_before is `next` of the page before: [started_at, id].
CREATE OR REPLACE FUNCTION frontdesk.list_calls(
    p_org_id     uuid,
    p_from       timestamptz DEFAULT NULL,
    p_until      timestamptz DEFAULT NULL,
    p_contact_id uuid DEFAULT NULL,
    p_outcome    text DEFAULT NULL,
    p_query      text DEFAULT NULL,
    p_before     jsonb DEFAULT NULL,
    p_limit      integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_config regconfig := search_config((act_for(p_org_id)).language);
    v_query  tsquery := CASE WHEN btrim(p_query) <> '' THEN websearch_to_tsquery(v_config, p_query) END;
    v_any    tsquery := nullif(replace(replace(v_query::text, '<->', '|'), '&', '|'), '')::tsquery;
    v_person uuid[] := person_ids(p_org_id, p_contact_id);   -- one person may be several contacts
    v_phones text[] := ARRAY(SELECT c.phone::text FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_person));
    v_limit  integer := least(greatest(p_limit, 1), 200);
    v_found  calls[];
BEGIN
    -- A query of nothing but little words ("the") asks for nothing: it finds nothing.
    SELECT array_agg(page ORDER BY (page).started_at DESC, (page).id DESC) INTO v_found
    FROM (
        SELECT c AS page FROM calls c
        WHERE c.org_id = p_org_id
          AND (p_from IS NULL OR c.started_at >= p_from)
          AND (p_until IS NULL OR c.started_at < p_until)
          AND (p_contact_id IS NULL OR c.contact_id = ANY (v_person) OR (c.contact_id IS NULL AND c.phone = ANY (v_phones)))
          AND (p_outcome IS NULL OR c.outcome = p_outcome)
          AND (v_query IS NULL OR c.words @@ v_query)
          AND (p_before IS NULL OR (c.started_at, c.id) < ((p_before ->> 0)::timestamptz, (p_before ->> 1)::uuid))
        ORDER BY c.started_at DESC, c.id DESC
        LIMIT v_limit + 1
    ) AS newest;
    RETURN jsonb_build_object(
        'items', coalesce((
            SELECT jsonb_agg(call_json(v_found[place]) || CASE WHEN v_any IS NULL THEN '{}' ELSE jsonb_build_object('matches', (
                       SELECT coalesce(jsonb_agg(jsonb_build_object('position', position, 'role', role, 'body', body) ORDER BY position), '[]')
                       FROM (SELECT m.position, m.role, left(m.body, 500) AS body FROM call_messages m
                             WHERE m.org_id = p_org_id AND m.call_id = (v_found[place]).id AND m.role <> 'tool' AND to_tsvector(v_config, m.body) @@ v_any
                             ORDER BY m.position LIMIT 3) AS lines)) END
                   ORDER BY place)
            FROM generate_series(1, least(coalesce(cardinality(v_found), 0), v_limit)) AS place), '[]'),
        'next', CASE WHEN cardinality(v_found) > v_limit
                     THEN jsonb_build_array((v_found[v_limit]).started_at, (v_found[v_limit]).id) END);
END
$$;
