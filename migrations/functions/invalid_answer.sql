-- How a refused setting is answered: by the name of the rule it breaks, never by the row or the value.
CREATE OR REPLACE FUNCTION frontdesk.invalid_answer(p_constraint text, p_otherwise text DEFAULT 'bad_value', p_field text DEFAULT NULL) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('outcome', 'invalid', 'rule', coalesce(nullif(p_constraint, ''), p_otherwise), 'field', nullif(p_field, '')))
$$;
