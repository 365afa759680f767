-- How many coming visits of a provider, or of all (null), would not be booked today: outside the hours, in a closure,
-- or with somebody who no longer works here. Nothing touches them; the front desk should know.
-- Those staff overbooked are outside on purpose, and not counted.
CREATE OR REPLACE FUNCTION frontdesk.visits_outside(p_org frontdesk.orgs, p_provider_id uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN (
        SELECT count(*)
        FROM frontdesk.providers p
        JOIN frontdesk.appointments a ON a.org_id = p.org_id AND a.provider_id = p.id AND a.starts_at > now()
            AND a.status IN ('pending', 'confirmed', 'arrived') AND NOT a.overbooked
        CROSS JOIN LATERAL (SELECT (a.starts_at AT TIME ZONE p_org.time_zone)::date AS day) AS here
        WHERE p.org_id = p_org.id AND (p_provider_id IS NULL OR p.id = p_provider_id)
          AND (NOT p.active
               OR NOT EXISTS (
                   SELECT FROM frontdesk.weekly_hours h
                   WHERE h.org_id = p.org_id AND h.provider_id = p.id AND h.weekday = extract(isodow FROM here.day)
                     AND (here.day + h.opens) AT TIME ZONE p_org.time_zone <= a.starts_at
                     AND (here.day + h.closes) AT TIME ZONE p_org.time_zone >= a.ends_at)
               OR EXISTS (
                   SELECT FROM frontdesk.closures c
                   WHERE c.org_id = p.org_id AND (c.provider_id IS NULL OR c.provider_id = p.id)
                     AND c.during && tstzrange(a.starts_at, a.ends_at))));
END
$$;
