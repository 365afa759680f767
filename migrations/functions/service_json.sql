-- A service as an operator sees and sets it.
CREATE OR REPLACE FUNCTION frontdesk.service_json(p_service frontdesk.services) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_service.id, 'name', p_service.name, 'aliases', p_service.aliases, 'duration_minutes', p_service.duration_minutes,
        'buffer_before_minutes', p_service.buffer_before_minutes, 'buffer_after_minutes', p_service.buffer_after_minutes,
        'active', p_service.active)
$$;
