-- Of an event's data what tells nothing about a person: numbers, codes, ids and times. Why a visit was cancelled or
-- squeezed in is somebody's words, however short.
CREATE OR REPLACE FUNCTION frontdesk.impersonal_data(p_type text, p_data jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(p_data)
    WHERE NOT (key = 'reason' AND p_type LIKE 'appointment.%')
      AND (jsonb_typeof(value) IN ('number', 'boolean', 'null')
           OR (jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^([a-z0-9_.:-]{1,60}|\d{4}-\d\d-\d\d[T ][0-9:.+Z-]+)$')
           OR key = 'fields')
$$;
