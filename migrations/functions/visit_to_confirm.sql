-- Which visit a bare "C" from this number confirms, or null: the nearest coming one. Where that is confirmed
-- already, the next pending one within a day of it: a parent answers the texts of two children one by one. But
-- not one further ahead: a second "C" must not confirm what nobody was asked about.
CREATE OR REPLACE FUNCTION frontdesk.visit_to_confirm(p_org_id uuid, p_phone text) RETURNS uuid
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_nearest frontdesk.appointments;
    v_id      uuid;
BEGIN
    SELECT a.* INTO v_nearest
    FROM frontdesk.contacts c
    JOIN frontdesk.appointments a ON a.org_id = c.org_id AND a.contact_id = c.id
    WHERE c.org_id = p_org_id AND c.phone = p_phone AND a.starts_at > now() AND a.status IN ('pending', 'confirmed')
    ORDER BY a.starts_at, a.id LIMIT 1;
    SELECT a.id INTO v_id
    FROM frontdesk.appointments a
    WHERE a.org_id = p_org_id AND a.contact_id = v_nearest.contact_id AND a.status = 'pending'
      AND a.starts_at BETWEEN v_nearest.starts_at AND v_nearest.starts_at + interval '1 day'
    ORDER BY a.starts_at, a.id LIMIT 1;
    RETURN coalesce(v_id, v_nearest.id);
END
$$;
