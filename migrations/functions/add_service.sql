-- Add something patients come for. Outcomes: added, name_taken, invalid.
CREATE OR REPLACE FUNCTION frontdesk.add_service(
    p_org_id    uuid,
    p_service   jsonb,                 -- name, duration_minutes, and if wished buffer_before_minutes, buffer_after_minutes, aliases
    p_providers text[] DEFAULT NULL    -- who offers it, by id or name; null: everybody
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field   text := unknown_field(p_service, '{name,duration_minutes,buffer_before_minutes,buffer_after_minutes,aliases}');
    v_service services;
    v_rule    text;
    v_name    text;
BEGIN
    PERFORM act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    ELSIF EXISTS (SELECT FROM unnest(p_providers) AS wanted WHERE find_provider(p_org_id, wanted) IS NULL) THEN
        RETURN invalid_answer('unknown_provider', p_field => 'providers');
    END IF;
    BEGIN
        v_service := jsonb_populate_record(NULL::services, p_service);
        INSERT INTO services (org_id, id, name, aliases, duration_minutes, buffer_before_minutes, buffer_after_minutes)
        VALUES (p_org_id, new_id(), btrim(v_service.name),
                (SELECT coalesce(array_agg(DISTINCT lower(btrim(alias))), '{}') FROM unnest(v_service.aliases) AS alias WHERE btrim(alias) <> ''),
                v_service.duration_minutes, coalesce(v_service.buffer_before_minutes, 0), coalesce(v_service.buffer_after_minutes, 0))
        ON CONFLICT (org_id, name) DO NOTHING
        RETURNING * INTO v_service;
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    IF v_service.id IS NULL THEN
        RETURN '{"outcome": "name_taken"}';
    END IF;
    INSERT INTO provider_services (org_id, provider_id, service_id)
    SELECT p_org_id, p.id, v_service.id FROM providers p
    WHERE p.org_id = p_org_id AND p.active
      AND (p_providers IS NULL OR p.id IN (SELECT find_provider(p_org_id, wanted) FROM unnest(p_providers) AS wanted));
    RETURN jsonb_build_object('outcome', 'added', 'service', service_json(v_service));
END
$$;
