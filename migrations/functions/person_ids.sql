-- The contacts that are one person, the one with their name first; {} where there is none of that id.
CREATE OR REPLACE FUNCTION frontdesk.person_ids(p_org_id uuid, p_contact_id uuid) RETURNS uuid[]
LANGUAGE sql VOLATILE
AS $$
    SELECT coalesce(array_agg(c.id ORDER BY c.merged_into NULLS FIRST, c.id), '{}')
    FROM (SELECT coalesce(k.merged_into, k.id) AS id FROM frontdesk.contacts k WHERE k.org_id = p_org_id AND k.id = p_contact_id) AS head
    JOIN frontdesk.contacts c ON c.org_id = p_org_id AND (c.id = head.id OR c.merged_into = head.id)
$$;
