-- Add a service (p_service_id null) or change one: name, aliases, duration_minutes, buffer_before_minutes,
-- buffer_after_minutes, active; only what is given changes. Booked visits keep their length. Every provider offers a new
-- one, until somebody says otherwise. Outcomes: added, changed, not_found, version_conflict (with the row now; asked
-- only where p_version is given), name_taken, invalid, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.save_service(
    p_org_id          uuid,
    p_service_id      uuid,
    p_version         integer,
    p_changes         jsonb,
    p_actor           text,
    p_idempotency_key text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_hash   text := md5(jsonb_build_array('service', p_service_id, p_changes)::text);
    v_field  text := unknown_field(p_changes, '{name,aliases,duration_minutes,buffer_before_minutes,buffer_after_minutes,active}');
    v_row    services;
    v_answer jsonb;
    v_rule   text;
    v_name   text;
BEGIN
    PERFORM act_for(p_org_id);
    v_answer := stored_answer(p_org_id, p_idempotency_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    END IF;
    IF p_service_id IS NOT NULL THEN
        SELECT * INTO v_row FROM services s WHERE s.org_id = p_org_id AND s.id = p_service_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN '{"outcome": "not_found"}';
        ELSIF p_version <> v_row.version THEN
            RETURN jsonb_build_object('outcome', 'version_conflict', 'service', service_json(v_row) || jsonb_build_object('version', v_row.version));
        END IF;
    ELSE
        v_row.org_id := p_org_id; v_row.id := new_id(); v_row.aliases := '{}'; v_row.active := true;
        v_row.buffer_before_minutes := 0; v_row.buffer_after_minutes := 0; v_row.created_at := now(); v_row.version := 0;
    END IF;
    BEGIN
        v_row := jsonb_populate_record(v_row, p_changes);
        v_row.name := btrim(v_row.name);
        v_row.version := v_row.version + 1;
        v_row.aliases := ARRAY(SELECT DISTINCT lower(btrim(alias)) FROM unnest(v_row.aliases) AS alias WHERE btrim(alias) <> '' ORDER BY 1);
        IF p_service_id IS NULL THEN
            INSERT INTO services SELECT v_row.*;
            INSERT INTO provider_services (org_id, provider_id, service_id)
            SELECT p_org_id, p.id, v_row.id FROM providers p WHERE p.org_id = p_org_id AND p.active;
        ELSE
            UPDATE services s
            SET name = v_row.name, aliases = v_row.aliases, duration_minutes = v_row.duration_minutes, active = v_row.active,
                buffer_before_minutes = v_row.buffer_before_minutes, buffer_after_minutes = v_row.buffer_after_minutes, version = v_row.version
            WHERE s.org_id = p_org_id AND s.id = p_service_id;
        END IF;
    EXCEPTION
        WHEN unique_violation THEN
            RETURN '{"outcome": "name_taken"}';
        WHEN check_violation OR not_null_violation OR data_exception THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
            RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    v_answer := jsonb_build_object(
        'outcome', CASE WHEN p_service_id IS NULL THEN 'added' ELSE 'changed' END,
        'service', service_json(v_row) || jsonb_build_object('version', v_row.version));
    PERFORM keep_answer(p_org_id, p_idempotency_key, v_hash, v_answer);
    RETURN v_answer || jsonb_build_object('outbox', settings_changed(p_org_id, 'service', jsonb_build_object('service_id', v_row.id), p_actor));
END
$$;
