-- When the clinic as a whole is open, by its own clock: {"time_zone", "hours": [{"weekday", "opens", "closes"}]}, the
-- union of the hours of those who work here.
CREATE OR REPLACE FUNCTION frontdesk.clinic_hours(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org orgs := act_for(p_org_id);
BEGIN
    RETURN jsonb_build_object('time_zone', v_org.time_zone, 'hours', (
        SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('weekday', h.weekday, 'opens', h.opens, 'closes', h.closes)), '[]')
        FROM weekly_hours h
        JOIN providers p ON p.org_id = h.org_id AND p.id = h.provider_id AND p.active
        WHERE h.org_id = p_org_id));
END
$$;
