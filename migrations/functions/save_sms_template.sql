-- Keep a clinic's own wording for an event in a language; null goes back to the default. The placeholders were
-- checked before (frontdesk.texts). Outcomes: saved, reset, invalid.
CREATE OR REPLACE FUNCTION frontdesk.save_sms_template(p_org_id uuid, p_event text, p_language text, p_body text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_rule text;
    v_name text;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_body IS NULL THEN
        DELETE FROM sms_templates t WHERE t.org_id = p_org_id AND t.event = p_event AND t.language = p_language;
        RETURN '{"outcome": "reset"}';
    END IF;
    BEGIN
        INSERT INTO sms_templates (org_id, event, language, body) VALUES (p_org_id, p_event, p_language, p_body)
        ON CONFLICT (org_id, event, language) DO UPDATE SET body = excluded.body, updated_at = now();
    EXCEPTION WHEN check_violation OR not_null_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN '{"outcome": "saved"}';
END
$$;
