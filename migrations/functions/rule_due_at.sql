-- By when somebody should see to what a rule asks for: when the clinic closes today, or half an hour into the next
-- time it is open; whole-clinic closures count. A clinic without hours: a day later.
CREATE OR REPLACE FUNCTION frontdesk.rule_due_at(p_org_id uuid, p_from timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_zone text := (SELECT o.time_zone FROM frontdesk.orgs o WHERE o.id = p_org_id);
    v_due  timestamptz;
BEGIN
    SELECT CASE WHEN begins <= p_from THEN ends ELSE begins + interval '30 minutes' END INTO v_due
    FROM generate_series(date_trunc('day', p_from AT TIME ZONE v_zone), (p_from + interval '21 days') AT TIME ZONE v_zone, interval '1 day') AS day
    JOIN frontdesk.weekly_hours h ON h.org_id = p_org_id AND h.weekday = extract(isodow FROM day)
    JOIN frontdesk.providers p ON p.org_id = h.org_id AND p.id = h.provider_id AND p.active
    CROSS JOIN LATERAL (SELECT (day::date + h.opens) AT TIME ZONE v_zone AS begins, (day::date + h.closes) AT TIME ZONE v_zone AS ends) AS hours
    WHERE ends > p_from + interval '30 minutes'
      AND NOT EXISTS (SELECT FROM frontdesk.closures x
                      WHERE x.org_id = p_org_id AND x.provider_id IS NULL
                        AND x.during && tstzrange(greatest(begins, p_from), greatest(begins, p_from) + interval '30 minutes'))
    ORDER BY greatest(begins, p_from), ends DESC
    LIMIT 1;
    RETURN coalesce(v_due, p_from + interval '1 day');
END
$$;
