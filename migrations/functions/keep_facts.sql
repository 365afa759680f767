-- Keep what a conversation told about the caller ("fact.name": ..., p_won as in record_call), each under its call.
CREATE OR REPLACE FUNCTION frontdesk.keep_facts(p_call frontdesk.calls, p_won jsonb) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    INSERT INTO frontdesk.contact_facts AS f (org_id, source, field, value, phone, contact_id, at)
    SELECT p_call.org_id, 'call:' || p_call.id, substr(key, 6), value, p_call.phone, p_call.contact_id, p_call.started_at
    FROM jsonb_each_text(p_won)
    WHERE key LIKE 'fact.%'
    ON CONFLICT (org_id, source, field) DO UPDATE SET value = excluded.value;
    -- Who called may be heard after what was said.
    UPDATE frontdesk.contact_facts f
    SET phone = p_call.phone, contact_id = p_call.contact_id, at = p_call.started_at
    WHERE f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id
      AND (f.phone, f.contact_id, f.at) IS DISTINCT FROM (p_call.phone, p_call.contact_id, p_call.started_at);
$$;
