-- Add a provider (p_provider_id null) or change one: name, active, service_ids; only what is given changes, and a new
-- one offers every service where none are named. Outcomes: added, changed (with how many coming visits now lie
-- outside), not_found, version_conflict (with the row now; asked only where p_version is given), name_taken,
-- unknown_service, invalid, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.save_provider(
    p_org_id          uuid,
    p_provider_id     uuid,
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
    v_hash     text := md5(jsonb_build_array('provider', p_provider_id, p_changes)::text);
    v_field    text := unknown_field(p_changes, '{name,active,service_ids}');
    v_org      orgs;
    v_row      providers;
    v_services uuid[] := ARRAY(SELECT value::uuid FROM jsonb_array_elements_text(nullif(p_changes -> 'service_ids', 'null')) AS value);
    v_answer   jsonb;
    v_rule     text;
BEGIN
    v_org := act_for(p_org_id);
    v_answer := stored_answer(p_org_id, p_idempotency_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    ELSIF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    ELSIF EXISTS (SELECT FROM unnest(v_services) AS wanted (id)
                  WHERE NOT EXISTS (SELECT FROM services s WHERE s.org_id = p_org_id AND s.id = wanted.id)) THEN
        RETURN '{"outcome": "unknown_service"}';
    END IF;
    IF p_provider_id IS NOT NULL THEN
        SELECT * INTO v_row FROM providers p WHERE p.org_id = p_org_id AND p.id = p_provider_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RETURN '{"outcome": "not_found"}';
        ELSIF p_version <> v_row.version THEN
            RETURN jsonb_build_object('outcome', 'version_conflict', 'provider', provider_json(v_row));
        END IF;
    END IF;
    BEGIN
        IF p_provider_id IS NULL THEN
            INSERT INTO providers (org_id, id, name, active)
            VALUES (p_org_id, new_id(), btrim(p_changes ->> 'name'), coalesce((p_changes ->> 'active')::boolean, true))
            RETURNING * INTO v_row;
        ELSE
            UPDATE providers p
            SET name = coalesce(btrim(p_changes ->> 'name'), p.name), active = coalesce((p_changes ->> 'active')::boolean, p.active), version = p.version + 1
            WHERE p.org_id = p_org_id AND p.id = p_provider_id
            RETURNING * INTO v_row;
        END IF;
    EXCEPTION
        WHEN unique_violation THEN
            RETURN '{"outcome": "name_taken"}';
        WHEN check_violation OR not_null_violation THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
            RETURN invalid_answer(v_rule, p_field => 'name');
    END;
    IF p_changes ? 'service_ids' THEN
        DELETE FROM provider_services ps WHERE ps.org_id = p_org_id AND ps.provider_id = v_row.id AND ps.service_id <> ALL (v_services);
    END IF;
    INSERT INTO provider_services (org_id, provider_id, service_id)
    SELECT p_org_id, v_row.id, s.id FROM services s
    WHERE s.org_id = p_org_id AND (s.id = ANY (v_services) OR (p_provider_id IS NULL AND NOT p_changes ? 'service_ids' AND s.active))
    ON CONFLICT DO NOTHING;
    v_answer := jsonb_build_object(
        'outcome', CASE WHEN p_provider_id IS NULL THEN 'added' ELSE 'changed' END,
        'provider', provider_json(v_row), 'outside_count', visits_outside(v_org, v_row.id));
    PERFORM keep_answer(p_org_id, p_idempotency_key, v_hash, v_answer);
    RETURN v_answer || jsonb_build_object('outbox', settings_changed(p_org_id, 'provider', jsonb_build_object('provider_id', v_row.id), p_actor));
END
$$;
