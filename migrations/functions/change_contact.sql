-- Change what staff may change of a person: name, email, date_of_birth; only what is given changes, null clears the
-- latter two. Outcomes: changed (also where it is so already, whatever the version), not_found, version_conflict (with the row now), invalid.
CREATE OR REPLACE FUNCTION frontdesk.change_contact(
    p_org_id     uuid,
    p_contact_id uuid,
    p_version    integer,
    p_changes    jsonb,
    p_actor      text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field  text := unknown_field(p_changes, '{name,email,date_of_birth}');
    v_before contacts;
    v_after  contacts;
    v_fields text[];
    v_rule   text;
    v_name   text;
BEGIN
    PERFORM act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    END IF;
    SELECT * INTO v_before FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    BEGIN
        v_after := jsonb_populate_record(v_before, p_changes);
        SELECT array_agg(field ORDER BY field) INTO v_fields
        FROM jsonb_object_keys(p_changes) AS field WHERE to_jsonb(v_before) -> field IS DISTINCT FROM to_jsonb(v_after) -> field;
        IF v_fields IS NULL THEN
            RETURN jsonb_build_object('outcome', 'changed', 'contact', contact_json(v_before), 'outbox', '[]'::jsonb);
        ELSIF p_version IS DISTINCT FROM v_before.version THEN
            RETURN jsonb_build_object('outcome', 'version_conflict', 'contact', contact_json(v_before));
        END IF;
        UPDATE contacts c
        SET name = v_after.name, email = v_after.email, date_of_birth = v_after.date_of_birth, version = c.version + 1, updated_at = now()
        WHERE c.org_id = p_org_id AND c.id = p_contact_id
        RETURNING c.* INTO v_after;
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN jsonb_build_object('outcome', 'changed', 'contact', contact_json(v_after), 'outbox', record_change(
        p_org_id, 'contact.changed', NULL, NULL, p_contact_id, v_after.version, NULL, p_actor,
        jsonb_build_object('fields', v_fields), '{notify}'));
END
$$;
