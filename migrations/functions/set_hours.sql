-- Replace a provider's week by these hours of the clinic's clock. Outcomes: set, invalid (nothing changed).
-- No lock: a booking under way may still go by the old hours.
CREATE OR REPLACE FUNCTION frontdesk.set_hours(
    p_org_id   uuid,
    p_provider text,       -- id or name
    p_hours    jsonb       -- [{"weekday": 1, "opens": "09:00", "closes": "12:00"}], 1 = Monday; [] closes the week
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_provider_id uuid;
BEGIN
    PERFORM act_for(p_org_id);
    v_provider_id := find_provider(p_org_id, p_provider);
    IF v_provider_id IS NULL THEN
        RETURN invalid_answer('unknown_provider', p_field => 'provider');
    END IF;
    RETURN coalesce(replace_hours(p_org_id, v_provider_id, p_hours), '{"outcome": "set"}');
END
$$;
