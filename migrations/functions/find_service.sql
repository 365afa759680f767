-- The active service a caller means: by id, by name, or by one of its other names (the oldest that has it); else null.
CREATE OR REPLACE FUNCTION frontdesk.find_service(p_org_id uuid, p_service_type text) RETURNS frontdesk.services
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_wanted  text := lower(btrim(regexp_replace(p_service_type, '\s+', ' ', 'g')));
    v_service frontdesk.services;
BEGIN
    SELECT s.* INTO v_service
    FROM frontdesk.services s
    WHERE s.org_id = p_org_id AND s.active
      AND (lower(s.name) = v_wanted OR v_wanted = ANY (s.aliases) OR s.id::text = v_wanted)
    ORDER BY lower(s.name) = v_wanted DESC, s.created_at, s.id
    LIMIT 1;
    RETURN v_service;
END
$$;
