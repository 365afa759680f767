-- The form in which a name is searched: lower case, no accents, one blank before each word and nothing else between
-- them. The same expression as the column contacts.search_name (migrations/0009_board.sql).
CREATE OR REPLACE FUNCTION frontdesk.search_key(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ' ' || btrim(regexp_replace(
        replace(replace(replace(translate(
            lower(regexp_replace(normalize(p_text, NFKD), '[\u0300-\u036f''’ʼ`]', '', 'g')),
            'øłđðı', 'olddi'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'),
        '[[:punct:][:space:]]+', ' ', 'g'))
$$;
