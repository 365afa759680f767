-- Note that somebody tried to call back and nobody answered; the patient is told by text. Outcomes: noted,
-- not_found, not_open. Each note is one text: its version is the number of the try.
CREATE OR REPLACE FUNCTION frontdesk.follow_up_missed(p_org_id uuid, p_follow_up_id uuid, p_actor text DEFAULT 'staff') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_follow_up follow_ups;
    v_tries     integer;
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    SELECT * INTO v_follow_up FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = p_follow_up_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF v_follow_up.status <> 'open' THEN
        RETURN '{"outcome": "not_open"}';
    END IF;
    UPDATE follow_ups f SET missed_calls = f.missed_calls + 1 WHERE f.org_id = p_org_id AND f.id = p_follow_up_id
    RETURNING missed_calls INTO v_tries;
    RETURN jsonb_build_object('outcome', 'noted', 'outbox', record_change(
        p_org_id, 'follow_up.missed', NULL, p_follow_up_id, v_follow_up.contact_id, v_tries, v_follow_up.call_id, p_actor, '{}', '{sms,notify}'));
END
$$;
