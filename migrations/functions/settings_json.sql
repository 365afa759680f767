-- What a clinic decided about itself, as the staff's board shows and sets it.
CREATE OR REPLACE FUNCTION frontdesk.settings_json(p_org frontdesk.orgs) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'version', p_org.settings_version, 'slug', p_org.slug, 'name', p_org.name, 'time_zone', p_org.time_zone, 'region', p_org.region,
        'language', p_org.language, 'front_desk_phone', p_org.front_desk_phone,
        'minimum_notice_minutes', p_org.minimum_notice_minutes, 'booking_horizon_days', p_org.booking_horizon_days,
        'slot_grid_minutes', p_org.slot_grid_minutes, 'reminder_minutes', p_org.reminder_minutes,
        'quiet_from', left(p_org.quiet_from::text, 5), 'quiet_until', left(p_org.quiet_until::text, 5),
        'calendar_detail', p_org.calendar_detail, 'transcript_days', p_org.transcript_days, 'message_days', p_org.message_days,
        'recording_days', p_org.recording_days, 'follow_up_rules', p_org.follow_up_rules,
        'sms_segment_price_micros', p_org.sms_segment_price_micros, 'sms_price_currency', p_org.sms_price_currency,
        'sms_sender', p_org.sms_sender, 'sms_paused_reason', p_org.sms_paused_reason)
$$;
