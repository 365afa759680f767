-- A number nobody has: +999 is no country (ITU-T E.164 keeps it in reserve). It stands where an erased person's stood.
CREATE OR REPLACE FUNCTION frontdesk.unused_phone(p_org_id uuid) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_phone text;
BEGIN
    LOOP
        v_phone := '+999' || lpad((('x' || right(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint % 100000000000)::text, 11, '0');
        EXIT WHEN NOT EXISTS (SELECT FROM frontdesk.contacts c WHERE c.org_id = p_org_id AND c.phone = v_phone)
              AND NOT EXISTS (SELECT FROM frontdesk.leads l WHERE l.org_id = p_org_id AND l.phone = v_phone);
    END LOOP;
    RETURN v_phone;
END
$$;
