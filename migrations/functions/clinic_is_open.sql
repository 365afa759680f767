-- Is anybody at the clinic to pick up a phone: within some active provider's hours, and neither they nor the clinic closed.
CREATE OR REPLACE FUNCTION frontdesk.clinic_is_open(p_org_id uuid, p_at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_local timestamp := p_at AT TIME ZONE (SELECT o.time_zone FROM frontdesk.orgs o WHERE o.id = p_org_id);
BEGIN
    RETURN EXISTS (
        SELECT FROM frontdesk.weekly_hours h
        JOIN frontdesk.providers p ON p.org_id = h.org_id AND p.id = h.provider_id AND p.active
        WHERE h.org_id = p_org_id AND h.weekday = extract(isodow FROM v_local) AND v_local::time >= h.opens AND v_local::time < h.closes
          AND NOT EXISTS (SELECT FROM frontdesk.closures x
                          WHERE x.org_id = p_org_id AND (x.provider_id IS NULL OR x.provider_id = p.id) AND x.during @> p_at));
END
$$;
