-- Keep a clinic's own wording of a text, or go back to the default (p_body null). The wording was checked before
-- (frontdesk.texts). Outcomes: saved, reset, invalid.
CREATE OR REPLACE FUNCTION frontdesk.change_template(p_org_id uuid, p_event text, p_language text, p_body text, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_done jsonb := save_sms_template(p_org_id, p_event, p_language, p_body);
BEGIN
    IF v_done ->> 'outcome' = 'invalid' THEN
        RETURN v_done;
    END IF;
    RETURN v_done || jsonb_build_object('outbox', settings_changed(
        p_org_id, 'template', jsonb_build_object('event', p_event, 'language', p_language), p_actor));
END
$$;
