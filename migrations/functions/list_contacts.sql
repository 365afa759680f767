-- People by a piece of their name or number, in the order of their names: {"items": [...], "next": cursor or null}.
--
-- p_query: every word must begin a word of the name; three or more digits must stand in the number. A query of
-- nothing but digits and their punctuation is a number, however it is written.
-- p_phone: exactly this number (E.164). A cursor is the [name key, id] of the last one listed.
CREATE OR REPLACE FUNCTION frontdesk.list_contacts(
    p_org_id     uuid,
    p_query      text DEFAULT NULL,
    p_phone      text DEFAULT NULL,
    p_after_name text DEFAULT NULL,
    p_after_id   uuid DEFAULT NULL,
    p_limit      integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
-- The index has the names in the order of the list, so that a page ends the search. The planner cannot know how many
-- names fit a pattern, takes them for few, and would read and sort all the table (measured: 10 times as long).
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    v_name   text := coalesce(p_after_name, '');
    v_id     uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
    v_names  text[] := '{}';   -- LIKE patterns, all of which the name must fit, ...
    v_phones text[] := '{}';   -- ... and the number
    v_items  jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_phone IS NOT NULL THEN
        SELECT coalesce(jsonb_agg(contact(p_org_id, c.id) -> 'contact'), '[]') INTO v_items FROM contacts c WHERE c.org_id = p_org_id AND c.phone = p_phone;
        RETURN jsonb_build_object('items', v_items, 'next', NULL);
    END IF;
    IF p_query ~ '^[0-9+().\s/-]+$' AND p_query ~ '[0-9]' THEN
        -- A zero in front is how numbers are dialled at home; the number itself does not have it.
        v_phones := ARRAY['%' || regexp_replace(regexp_replace(p_query, '[^0-9]', '', 'g'), '^0+(?=.)', '') || '%'];
    ELSIF p_query IS NOT NULL THEN
        SELECT coalesce(array_agg('% ' || word || '%') FILTER (WHERE word !~ '^[0-9]{3,}$'), '{}'),
               coalesce(array_agg('%' || word || '%') FILTER (WHERE word ~ '^[0-9]{3,}$'), '{}')
        INTO v_names, v_phones
        FROM regexp_split_to_table(btrim(search_key(p_query)), ' ') AS word WHERE word <> '';
        IF cardinality(v_names || v_phones) = 0 AND p_query ~ '\S' THEN
            RETURN '{"items": [], "next": null}';   -- nothing in it that a name or number has
        END IF;
    END IF;
    WITH found AS MATERIALIZED (   -- one more than asked for tells whether there are more
        SELECT c.search_name, c.id
        FROM contacts c
        WHERE c.org_id = p_org_id AND (c.search_name, c.id) > (v_name, v_id)
          AND c.search_name LIKE ALL (v_names) AND c.phone LIKE ALL (v_phones)
          AND c.merged_into IS NULL AND c.erased_at IS NULL
        ORDER BY c.search_name, c.id
        LIMIT p_limit + 1
    ), page AS (
        SELECT f.search_name, f.id FROM found f ORDER BY f.search_name, f.id LIMIT p_limit
    )
    SELECT jsonb_build_object(
        -- Each by its key: a join would be planned without knowing how few there are, and read the whole table.
        'items', coalesce((SELECT jsonb_agg((SELECT contact_json(c) FROM contacts c WHERE c.org_id = p_org_id AND c.id = p.id)
                                            ORDER BY p.search_name, p.id) FROM page p), '[]'),
        'next', CASE WHEN (SELECT count(*) FROM found) > p_limit
                     THEN (SELECT jsonb_build_array(p.search_name, p.id) FROM page p ORDER BY p.search_name DESC, p.id DESC LIMIT 1) END)
    INTO v_items;
    RETURN v_items;
END
$$;
