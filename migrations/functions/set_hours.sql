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
    v_rule        text;
    v_name        text;
BEGIN
    PERFORM act_for(p_org_id);
    v_provider_id := find_provider(p_org_id, p_provider);
    IF v_provider_id IS NULL THEN
        RETURN invalid_answer('unknown_provider', p_field => 'provider');
    END IF;
    BEGIN
        DELETE FROM weekly_hours h WHERE h.org_id = p_org_id AND h.provider_id = v_provider_id;
        INSERT INTO weekly_hours (org_id, provider_id, weekday, opens, closes)
        SELECT p_org_id, v_provider_id, weekday, opens, closes
        FROM jsonb_to_recordset(p_hours) AS wanted (weekday smallint, opens time, closes time);
        IF EXISTS (
            SELECT FROM weekly_hours a JOIN weekly_hours b USING (org_id, provider_id, weekday)
            WHERE a.org_id = p_org_id AND a.provider_id = v_provider_id AND a.opens < b.opens AND a.closes > b.opens) THEN
            RAISE unique_violation;
        END IF;
    EXCEPTION
        WHEN unique_violation THEN   -- two spans of one day begin together or overlap
            RETURN invalid_answer('hours_overlap');
        WHEN check_violation OR not_null_violation OR data_exception THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
            RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN '{"outcome": "set"}';
END
$$;
