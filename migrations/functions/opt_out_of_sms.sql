-- Never write to this number again, and end what waits for it. The caller holds the patient's lock (lock_schedule).
CREATE OR REPLACE FUNCTION frontdesk.opt_out_of_sms(p_org_id uuid, p_phone text) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    INSERT INTO frontdesk.sms_opt_outs (org_id, phone, at) VALUES (p_org_id, p_phone, clock_timestamp()) ON CONFLICT DO NOTHING;
    WITH waiting AS (
        SELECT q.id FROM frontdesk.sms_messages q
        WHERE q.org_id = p_org_id AND q.phone = p_phone AND q.state IN ('queued', 'retry')
        ORDER BY q.id FOR UPDATE)
    UPDATE frontdesk.sms_messages m
    SET state = 'suppressed', error_code = 'opted_out', updated_at = now()
    FROM waiting WHERE m.org_id = p_org_id AND m.id = waiting.id;
END
$$;
