-- The first field of a JSON object that is not one of these, or null: a typing error must not be ignored.
CREATE OR REPLACE FUNCTION frontdesk.unknown_field(p_given jsonb, p_known text[]) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT min(field) FROM jsonb_object_keys(p_given) AS field WHERE NOT field = ANY (p_known)
$$;
