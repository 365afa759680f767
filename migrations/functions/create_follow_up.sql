-- Keep what a caller needs and by when a person must call back. Outcomes: message_taken, missing_info, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.create_follow_up(
    p_org_id          uuid,
    p_message         text,
    p_due_at          timestamptz,
    p_phone           text DEFAULT NULL,       -- null: the caller withheld it and left none
    p_caller_name     text DEFAULT NULL,
    p_urgency         text DEFAULT 'routine',
    p_preferred_time  text DEFAULT NULL,
    p_call_id         text DEFAULT NULL,
    p_tool_call_id    text DEFAULT NULL,
    p_idempotency_key text DEFAULT NULL,
    p_request_hash    text DEFAULT NULL,
    p_source          text DEFAULT 'voice',
    p_actor           text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_key     text := coalesce(p_idempotency_key, 'call:' || p_call_id || ':' || p_tool_call_id);
    v_message text := left(nullif(btrim(p_message), ''), 2000);
    v_hash    text := coalesce(p_request_hash, md5(jsonb_build_array('follow_up', p_phone, p_caller_name, v_message)::text));
    v_zone    text;
    v_contact uuid;
    v_id      uuid := new_id();
    v_answer  jsonb;
BEGIN
    v_zone := (act_for(p_org_id)).time_zone;
    IF v_message IS NULL THEN RETURN '{"outcome": "missing_info", "field": "message"}'; END IF;
    IF p_due_at IS NULL THEN RETURN '{"outcome": "missing_info", "field": "due_at"}'; END IF;
    IF p_phone !~ '^\+[1-9][0-9]{6,14}$' THEN RETURN '{"outcome": "missing_info", "field": "phone"}'; END IF;
    IF p_urgency IS NULL OR p_urgency NOT IN ('routine', 'same_day', 'urgent') THEN
        RETURN '{"outcome": "missing_info", "field": "urgency"}';
    END IF;
    SELECT c.id INTO v_contact FROM contacts c WHERE c.org_id = p_org_id AND c.phone = p_phone;

    v_answer := jsonb_build_object('outcome', 'message_taken', 'today', (now() AT TIME ZONE v_zone)::date,
        'follow_up_id', v_id, 'due_at', p_due_at, 'urgency', p_urgency, 'phone_known', p_phone IS NOT NULL);
    IF v_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (org_id, key, request_hash, answer) VALUES (p_org_id, v_key, v_hash, v_answer)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN stored_answer(p_org_id, v_key, v_hash);
        END IF;
    END IF;
    INSERT INTO follow_ups (org_id, id, contact_id, phone, caller_name, message, urgency, preferred_time, due_at, source, call_id)
    VALUES (p_org_id, v_id, v_contact, p_phone, left(nullif(btrim(p_caller_name), ''), 120), v_message, p_urgency, left(p_preferred_time, 200), p_due_at, p_source, p_call_id);
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'follow_up.created', NULL, v_id, v_contact, 1, p_call_id, coalesce(p_actor, p_source),
        jsonb_build_object('urgency', p_urgency, 'due_at', p_due_at), '{notify}'));
END
$$;
