-- The form in which two spoken names are compared: no case, no accents, no punctuation, no title.
-- "Dr. Ana Muñoz-Ríos" and "ana munoz rios" are one. The same rule as frontdesk.names.key in Python.
CREATE OR REPLACE FUNCTION frontdesk.name_key(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT regexp_replace(
        regexp_replace(
            translate(lower(p_name), 'áàâäãåéèêëíìîïóòôöõúùûüñçýÿ', 'aaaaaaeeeeiiiiooooouuuuncyy'),
            '^\s*(doctor|doctora|dra|dr|mrs|mr|ms|miss|sra|sr)\M\.?', ''),
        '[^[:alnum:]]', '', 'g')
$$;
