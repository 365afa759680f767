-- Whether whoever has this number said STOP; also where they were erased since, and only a hash remembers it.
CREATE OR REPLACE FUNCTION frontdesk.is_opted_out(p_org_id uuid, p_phone text) RETURNS boolean
LANGUAGE sql VOLATILE
AS $$
    SELECT EXISTS (SELECT FROM frontdesk.sms_opt_outs x WHERE x.org_id = p_org_id AND x.phone = p_phone)
        OR EXISTS (SELECT FROM frontdesk.erased_people e
                   WHERE e.org_id = p_org_id AND e.phone_hash = frontdesk.phone_hash(p_org_id, p_phone) AND e.opted_out)
$$;
