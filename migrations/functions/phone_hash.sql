-- A number as an erased person's is remembered; null where this clinic has erased nobody, or there is no number.
CREATE OR REPLACE FUNCTION frontdesk.phone_hash(p_org_id uuid, p_phone text) RETURNS text
LANGUAGE sql VOLATILE
AS $$
    SELECT encode(sha256(convert_to(s.salt || ':' || p_phone, 'UTF8')), 'hex') FROM frontdesk.erasure_salts s WHERE s.org_id = p_org_id
$$;
