-- Ask the front desk to look at a visit because of something a provider did in Google. Once for each p_key.
-- The time is written by the clinic's clock. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.calendar_follow_up(
    p_org     frontdesk.orgs,
    p_visit   frontdesk.appointments,
    p_key     text,
    p_message text,                            -- {provider} and {time} are filled in
    p_rule    text DEFAULT NULL                -- only where the clinic wants this rule's follow-ups
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_phone    text;
    v_provider text;
    v_time     text := to_char(p_visit.starts_at AT TIME ZONE p_org.time_zone, 'FMDay, FMMonth FMDD, FMHH12:MI AM');
    v_message  text;
    v_made     jsonb;
BEGIN
    IF NOT p_rule = ANY (p_org.follow_up_rules) THEN
        RETURN '[]';
    END IF;
    SELECT c.phone INTO v_phone FROM frontdesk.contacts c WHERE c.org_id = p_org.id AND c.id = p_visit.contact_id;
    SELECT p.name INTO v_provider FROM frontdesk.providers p WHERE p.org_id = p_org.id AND p.id = p_visit.provider_id;
    v_message := replace(replace(p_message, '{time}', v_time), '{provider}', v_provider);
    v_made := frontdesk.create_follow_up(
        p_org.id, v_message, now(), v_phone, p_visit.patient_name, 'same_day',
        -- The message names times: without a hash of its own a repetition would count as another request.
        p_idempotency_key => 'calendar:' || p_key, p_request_hash => 'calendar',
        p_source => 'calendar', p_actor => 'calendar');
    UPDATE frontdesk.follow_ups f SET rule = p_rule, rule_subject = p_visit.id::text || ':' || p_visit.version
    WHERE f.org_id = p_org.id AND f.id = (v_made ->> 'follow_up_id')::uuid AND p_rule IS NOT NULL;
    RETURN coalesce(v_made -> 'outbox', '[]');
END
$$;
