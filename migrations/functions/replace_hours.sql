-- Replace a provider's week by these hours of the clinic's clock. Null, or the refusal (invalid_answer): then nothing
-- has changed.
CREATE OR REPLACE FUNCTION frontdesk.replace_hours(
    p_org_id      uuid,
    p_provider_id uuid,
    p_hours       jsonb    -- [{"weekday": 1, "opens": "09:00", "closes": "12:00"}], 1 = Monday; [] closes the week
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_rule text;
    v_name text;
BEGIN
    DELETE FROM frontdesk.weekly_hours h WHERE h.org_id = p_org_id AND h.provider_id = p_provider_id;
    INSERT INTO frontdesk.weekly_hours (org_id, provider_id, weekday, opens, closes)
    SELECT p_org_id, p_provider_id, weekday, opens, closes
    FROM jsonb_to_recordset(p_hours) AS wanted (weekday smallint, opens time, closes time);
    IF EXISTS (
        SELECT FROM frontdesk.weekly_hours a JOIN frontdesk.weekly_hours b USING (org_id, provider_id, weekday)
        WHERE a.org_id = p_org_id AND a.provider_id = p_provider_id AND a.opens < b.opens AND a.closes > b.opens) THEN
        RAISE unique_violation;
    END IF;
    RETURN NULL;
EXCEPTION
    WHEN unique_violation THEN   -- two spans of one day begin together or overlap
        RETURN frontdesk.invalid_answer('hours_overlap');
    WHEN check_violation OR not_null_violation OR data_exception THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN frontdesk.invalid_answer(v_rule, p_field => v_name);
END
$$;
