-- The words of a transcript, to be searched in the clinic's language. A tsvector holds a megabyte: of a text with
-- more different words than that the beginning is searchable, and the call is stored all the same.
CREATE OR REPLACE FUNCTION frontdesk.call_words(p_language text, p_text text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    v_config regconfig := frontdesk.search_config(p_language);
BEGIN
    RETURN to_tsvector(v_config, p_text);
EXCEPTION WHEN program_limit_exceeded THEN
    RETURN to_tsvector(v_config, left(p_text, 100000));
END
$$;
