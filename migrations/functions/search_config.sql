-- How words of a language are compared ("cleanings" finds "cleaning"); a language without rules: as they are.
CREATE OR REPLACE FUNCTION frontdesk.search_config(p_language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE p_language WHEN 'en' THEN 'pg_catalog.english'::regconfig WHEN 'es' THEN 'pg_catalog.spanish'::regconfig
                           ELSE 'pg_catalog.simple'::regconfig END
$$;
