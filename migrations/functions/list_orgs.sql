-- All clinics of this deployment, by slug. For its operator only.
CREATE OR REPLACE FUNCTION frontdesk.list_orgs() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_answer jsonb;
BEGIN
    PERFORM set_config('app.scope', 'operator', true);
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', o.id, 'slug', o.slug, 'name', o.name, 'time_zone', o.time_zone, 'language', o.language,
        'sms_sender', o.sms_sender, 'sms_paused_reason', o.sms_paused_reason) ORDER BY o.slug), '[]')
    INTO v_answer
    FROM orgs o;
    PERFORM set_config('app.scope', '', true);
    RETURN v_answer;
END
$$;
