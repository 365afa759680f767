-- Change what a clinic decided about itself; only what is given changes, null clears the phone. Visits that are booked
-- stay as they are. Outcomes: changed, version_conflict (with the settings now; asked only where p_version is given), invalid.
CREATE OR REPLACE FUNCTION frontdesk.change_settings(
    p_org_id  uuid,
    p_version integer,
    p_changes jsonb,
    p_actor   text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field text := unknown_field(p_changes, '{name,front_desk_phone,language,minimum_notice_minutes,booking_horizon_days,slot_grid_minutes,reminder_minutes,quiet_from,quiet_until,calendar_detail,transcript_days,message_days,recording_days,follow_up_rules,sms_segment_price_micros,sms_price_currency}');
    v_org   orgs;
    v_rule  text;
    v_name  text;
BEGIN
    PERFORM act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    END IF;
    SELECT * INTO v_org FROM orgs o WHERE o.id = p_org_id FOR NO KEY UPDATE;
    IF p_version <> v_org.settings_version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'settings', settings_json(v_org));
    END IF;
    BEGIN
        v_org := jsonb_populate_record(v_org, p_changes);
        UPDATE orgs o
        SET name = btrim(v_org.name), front_desk_phone = v_org.front_desk_phone, language = v_org.language,
            minimum_notice_minutes = v_org.minimum_notice_minutes, booking_horizon_days = v_org.booking_horizon_days,
            slot_grid_minutes = v_org.slot_grid_minutes, reminder_minutes = v_org.reminder_minutes,
            quiet_from = v_org.quiet_from, quiet_until = v_org.quiet_until, calendar_detail = v_org.calendar_detail,
            transcript_days = v_org.transcript_days, message_days = v_org.message_days, recording_days = v_org.recording_days,
            follow_up_rules = v_org.follow_up_rules, sms_segment_price_micros = v_org.sms_segment_price_micros,
            sms_price_currency = v_org.sms_price_currency,
            settings_version = o.settings_version + 1
        WHERE o.id = p_org_id
        RETURNING o.* INTO v_org;
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN jsonb_build_object('outcome', 'changed', 'settings', settings_json(v_org), 'outbox', settings_changed(
        p_org_id, 'settings', jsonb_build_object('fields', (SELECT jsonb_agg(field ORDER BY field) FROM jsonb_object_keys(p_changes) AS field)), p_actor));
END
$$;
