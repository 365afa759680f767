-- Change how a clinic texts; only what is given changes, null clears the sender or the phone.
-- Outcomes: set (with the settings), sender_taken (by another clinic), invalid.
CREATE OR REPLACE FUNCTION frontdesk.set_sms(p_org_id uuid, p_settings jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field text := unknown_field(p_settings, '{sms_sender,front_desk_phone,reminder_minutes,quiet_from,quiet_until}');
    v_org   orgs;
    v_rule  text;
    v_name  text;
BEGIN
    v_org := act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    END IF;
    BEGIN
        v_org := jsonb_populate_record(v_org, p_settings);
        UPDATE orgs o
        SET sms_sender = v_org.sms_sender, front_desk_phone = v_org.front_desk_phone, reminder_minutes = v_org.reminder_minutes,
            quiet_from = v_org.quiet_from, quiet_until = v_org.quiet_until
        WHERE o.id = p_org_id;
    EXCEPTION
        WHEN unique_violation THEN
            RETURN '{"outcome": "sender_taken"}';
        WHEN check_violation OR not_null_violation OR data_exception THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
            RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN jsonb_build_object('outcome', 'set', 'settings', jsonb_build_object(
        'sms_sender', v_org.sms_sender, 'front_desk_phone', v_org.front_desk_phone, 'reminder_minutes', v_org.reminder_minutes,
        'quiet_from', v_org.quiet_from, 'quiet_until', v_org.quiet_until));
END
$$;
