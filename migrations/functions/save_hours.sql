-- Replace a provider's week; booked visits stay. Outcomes: changed (with how many coming visits now lie outside),
-- not_found, version_conflict (with the provider now; asked only where p_version is given), invalid.
CREATE OR REPLACE FUNCTION frontdesk.save_hours(
    p_org_id      uuid,
    p_provider_id uuid,
    p_version     integer,
    p_hours       jsonb,
    p_actor       text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org     orgs;
    v_row     providers;
    v_refused jsonb;
BEGIN
    v_org := act_for(p_org_id);
    SELECT * INTO v_row FROM providers p WHERE p.org_id = p_org_id AND p.id = p_provider_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF p_version <> v_row.version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'provider', provider_json(v_row));
    END IF;
    v_refused := replace_hours(p_org_id, p_provider_id, p_hours);
    IF v_refused IS NOT NULL THEN
        RETURN v_refused;
    END IF;
    UPDATE providers p SET version = p.version + 1 WHERE p.org_id = p_org_id AND p.id = p_provider_id RETURNING * INTO v_row;
    RETURN jsonb_build_object('outcome', 'changed', 'provider', provider_json(v_row), 'outside_count', visits_outside(v_org, p_provider_id),
        'outbox', settings_changed(p_org_id, 'hours', jsonb_build_object('provider_id', p_provider_id), p_actor));
END
$$;
