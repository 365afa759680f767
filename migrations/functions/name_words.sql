-- The words by which two spoken names are compared: no case, no accents, no punctuation, no titles or degrees.
-- "Dr. Ana Muñoz-Ríos, DDS" gives "ana munozrios". The same rule as frontdesk.names.key_words in Python.
-- One expression without FROM, so that the planner puts it into the calling statement.
CREATE OR REPLACE FUNCTION frontdesk.name_words(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT
        -- 4. A title or degree goes only while a word remains: somebody's name may be Do.
        regexp_replace(regexp_replace(
            -- 3. Words stand one space apart, and a dot ends one ("dr.patel").
            btrim(regexp_replace(
                -- 2. Of what is left, letters and digits count.
                regexp_replace(
                    -- 1. Fold case and accents; a few letters have no accent to drop.
                    replace(replace(replace(replace(translate(
                        lower(regexp_replace(normalize(p_name, NFKD), '[\u0300-\u036f]', '', 'g')),
                        'øłđðı', 'olddi'), 'þ', 'th'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'),
                    '[^[:alnum:][:space:].]', '', 'g'),
                '[[:space:].]+', ' ', 'g')),
            '^(?:(?:mr|mrs|ms|miss|mx|mister|sr|sra|srta|senor|senora|senorita|dr|dra|doctor|doctora|prof|professor|profesor|profesora) )+', ''),
            '(?: (?:md|dds|dmd|phd|rdh))+$', '')
$$;
