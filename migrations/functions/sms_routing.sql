-- The clinic a webhook of Twilio's belongs to, or null. A status callback names the text (and the org, in its
-- URL); a patient's text names the messaging service or the number that was texted.
CREATE OR REPLACE FUNCTION frontdesk.sms_routing(
    p_org_id            uuid,
    p_message_id        uuid,
    p_receiving_number  text,
    p_messaging_service text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org orgs;
BEGIN
    IF p_message_id IS NOT NULL THEN
        PERFORM set_config('app.org_id', coalesce(p_org_id::text, ''), true);
        SELECT o.* INTO v_org FROM orgs o
        WHERE o.id = p_org_id AND EXISTS (SELECT FROM sms_messages m WHERE m.org_id = p_org_id AND m.id = p_message_id AND m.direction = 'out');
    ELSE
        -- Across clinics (policy orgs_across), and only in this statement.
        PERFORM set_config('app.scope', 'routing', true);
        SELECT o.* INTO v_org FROM orgs o
        WHERE o.sms_sender IN (p_receiving_number, p_messaging_service)
        ORDER BY o.sms_sender = p_messaging_service DESC NULLS LAST
        LIMIT 1;
        PERFORM set_config('app.scope', '', true);
    END IF;
    RETURN CASE WHEN v_org.id IS NOT NULL THEN sms_org_json(v_org) END;
END
$$;
