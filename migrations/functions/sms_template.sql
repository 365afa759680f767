-- The clinic's own wording for an event, or null: then the worker's default is used.
CREATE OR REPLACE FUNCTION frontdesk.sms_template(p_org_id uuid, p_event text, p_language text) RETURNS text
LANGUAGE sql VOLATILE
AS $$
    SELECT t.body FROM frontdesk.sms_templates t WHERE t.org_id = p_org_id AND t.event = p_event AND t.language = p_language
$$;
