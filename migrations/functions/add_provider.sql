-- Add somebody patients come to. Outcomes: added, name_taken, invalid.
CREATE OR REPLACE FUNCTION frontdesk.add_provider(
    p_org_id   uuid,
    p_name     text,
    p_services text[] DEFAULT NULL     -- by name; null: all the clinic offers
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_id   uuid := new_id();
    v_name text := btrim(p_name);
    v_rule text;
BEGIN
    PERFORM act_for(p_org_id);
    IF EXISTS (SELECT FROM unnest(p_services) AS wanted (name)
               WHERE NOT EXISTS (SELECT FROM services s WHERE s.org_id = p_org_id AND s.active AND s.name = wanted.name)) THEN
        RETURN invalid_answer('unknown_service', p_field => 'services');
    END IF;
    BEGIN
        INSERT INTO providers (org_id, id, name) VALUES (p_org_id, v_id, v_name) ON CONFLICT (org_id, name) DO NOTHING;
    EXCEPTION WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
        RETURN invalid_answer(v_rule, p_field => 'name');
    END;
    IF NOT EXISTS (SELECT FROM providers p WHERE p.org_id = p_org_id AND p.id = v_id) THEN
        RETURN '{"outcome": "name_taken"}';
    END IF;
    INSERT INTO provider_services (org_id, provider_id, service_id)
    SELECT p_org_id, v_id, s.id FROM services s
    WHERE s.org_id = p_org_id AND s.active AND (p_services IS NULL OR s.name = ANY (p_services));
    RETURN jsonb_build_object('outcome', 'added', 'provider', jsonb_build_object('id', v_id, 'name', v_name));
END
$$;
