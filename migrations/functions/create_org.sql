-- Make a clinic. What is not given takes the column's default. Outcomes: created (with org_settings), slug_taken, invalid.
CREATE OR REPLACE FUNCTION frontdesk.create_org(p_org jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_id    uuid := new_id();
    v_field text := unknown_field(p_org, '{slug,name,time_zone,region,language,slot_grid_minutes,minimum_notice_minutes,booking_horizon_days,live_appointments_per_contact,front_desk_phone}');
    v_given orgs;
    v_rule  text;
    v_name  text;
BEGIN
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    ELSIF NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = p_org ->> 'time_zone') THEN
        RETURN invalid_answer('unknown_time_zone', p_field => 'time_zone');
    END IF;
    PERFORM set_config('app.org_id', v_id::text, true);
    v_given := jsonb_populate_record(NULL::orgs, p_org);
    INSERT INTO orgs AS o (id, slug, name, time_zone) VALUES (v_id, v_given.slug, v_given.name, v_given.time_zone)
    ON CONFLICT (slug) DO NOTHING;
    IF NOT FOUND THEN
        RETURN '{"outcome": "slug_taken"}';
    END IF;
    UPDATE orgs o
    SET region = coalesce(v_given.region, o.region),
        language = coalesce(v_given.language, o.language),
        slot_grid_minutes = coalesce(v_given.slot_grid_minutes, o.slot_grid_minutes),
        minimum_notice_minutes = coalesce(v_given.minimum_notice_minutes, o.minimum_notice_minutes),
        booking_horizon_days = coalesce(v_given.booking_horizon_days, o.booking_horizon_days),
        live_appointments_per_contact = coalesce(v_given.live_appointments_per_contact, o.live_appointments_per_contact),
        front_desk_phone = v_given.front_desk_phone
    WHERE o.id = v_id;
    RETURN jsonb_build_object('outcome', 'created', 'org', org_settings(v_id));
EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN
    GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
    RETURN invalid_answer(v_rule, p_field => v_name);
END
$$;
