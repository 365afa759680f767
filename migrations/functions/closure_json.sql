-- A time nobody can be booked, as the staff's board shows it.
CREATE OR REPLACE FUNCTION frontdesk.closure_json(p_closure frontdesk.closures) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_closure.id, 'provider_id', p_closure.provider_id,
        'provider_name', (SELECT p.name FROM frontdesk.providers p WHERE p.org_id = p_closure.org_id AND p.id = p_closure.provider_id),
        'starts_at', lower(p_closure.during), 'ends_at', upper(p_closure.during), 'reason', p_closure.reason)
$$;
