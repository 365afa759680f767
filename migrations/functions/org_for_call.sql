-- The clinic a call belongs to, with all that answering it needs; null when no clinic has this number.
-- By Vapi's phone number id, then by the called number, then by the assistant: the first that is known decides.
CREATE OR REPLACE FUNCTION frontdesk.org_for_call(p_phone_number_id text, p_called_number text, p_assistant_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org_id uuid;
    v_answer jsonb;
BEGIN
    -- The one function that may look across clinics (policy vapi_numbers_routing), and only in this statement.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT n.org_id INTO v_org_id
    FROM vapi_numbers n
    WHERE n.phone_number_id = p_phone_number_id OR n.number = p_called_number OR n.assistant_id = p_assistant_id
    ORDER BY n.phone_number_id IS NOT DISTINCT FROM p_phone_number_id AND p_phone_number_id IS NOT NULL DESC,
             n.number IS NOT DISTINCT FROM p_called_number AND p_called_number IS NOT NULL DESC
    LIMIT 1;
    PERFORM set_config('app.scope', '', true);
    IF v_org_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.org_id', v_org_id::text, true);
    SELECT jsonb_build_object(
        'id', o.id, 'slug', o.slug, 'name', o.name, 'time_zone', o.time_zone, 'region', o.region, 'language', o.language,
        'vapi_secret_generation', o.vapi_secret_generation, 'previous_secret_expires_at', o.previous_secret_expires_at,
        'texts', o.sms_sender IS NOT NULL AND o.sms_paused_reason IS NULL,   -- may the agent promise one?
        'providers', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) ORDER BY p.name)
            FROM providers p WHERE p.org_id = o.id AND p.active), '[]'),
        'services', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'aliases', s.aliases, 'duration_minutes', s.duration_minutes)
                             ORDER BY s.created_at, s.id)
            FROM services s WHERE s.org_id = o.id AND s.active), '[]'),
        -- When the clinic as a whole is open: the union of its providers' hours.
        'hours', coalesce((
            SELECT jsonb_agg(DISTINCT jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes))
            FROM weekly_hours h
            JOIN providers p ON p.org_id = h.org_id AND p.id = h.provider_id AND p.active
            WHERE h.org_id = o.id), '[]'))
    INTO v_answer
    FROM orgs o
    WHERE o.id = v_org_id;
    RETURN v_answer;
END
$$;
