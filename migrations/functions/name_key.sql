-- requires: name_words
-- The form in which two spoken names are compared by equality: the words without the spaces.
-- "Dr. Ana Muñoz-Ríos" and "ana munoz rios" are one. The same rule as frontdesk.names.key in Python.
CREATE OR REPLACE FUNCTION frontdesk.name_key(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT replace(frontdesk.name_words(p_name), ' ', '')
$$;
