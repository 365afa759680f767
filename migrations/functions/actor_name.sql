-- The name of the person behind an event's actor ('staff:<id>'), or null: a voice, a patient, a rule has none.
CREATE OR REPLACE FUNCTION frontdesk.actor_name(p_org_id uuid, p_actor text) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF p_actor ~ '^staff:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        RETURN (SELECT s.name FROM frontdesk.staff s WHERE s.org_id = p_org_id AND s.id = substring(p_actor FROM 7)::uuid);
    END IF;
    RETURN NULL;
END
$$;
