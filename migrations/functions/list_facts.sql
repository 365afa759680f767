-- What was said about a person, each with where it was said last: {"outcome": "found", "items": [...]}, or not_found.
-- By their numbers too: much is said before the caller becomes a contact.
CREATE OR REPLACE FUNCTION frontdesk.list_facts(p_org_id uuid, p_contact_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_ids uuid[];
BEGIN
    PERFORM act_for(p_org_id);
    v_ids := person_ids(p_org_id, p_contact_id);
    IF v_ids = '{}' THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'found', 'items', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('field', field, 'value', value, 'source', source, 'at', at) ORDER BY field, at DESC, value), '[]')
        FROM (SELECT DISTINCT ON (f.field, f.value) f.field, f.value, f.source, f.at
              FROM contact_facts f
              WHERE f.org_id = p_org_id
                AND (f.contact_id = ANY (v_ids)
                     OR f.phone IN (SELECT c.phone FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_ids)))
              ORDER BY f.field, f.value, f.source LIKE 'staff:%' DESC, f.at DESC, f.source
              LIMIT 200) AS latest));
END
$$;
