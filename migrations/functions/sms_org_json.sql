-- A clinic as the wording and the sending of texts need it.
CREATE OR REPLACE FUNCTION frontdesk.sms_org_json(p_org frontdesk.orgs) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_org.id, 'slug', p_org.slug, 'name', p_org.name, 'time_zone', p_org.time_zone,
        'language', p_org.language, 'region', p_org.region, 'sender', p_org.sms_sender,
        'front_desk_phone', p_org.front_desk_phone, 'paused_reason', p_org.sms_paused_reason)
$$;
