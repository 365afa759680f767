-- Of what is heard of a call (record_call), or of the stamps of it, what tells nothing about a person.
CREATE OR REPLACE FUNCTION frontdesk.impersonal_heard(p_heard jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(p_heard)
    WHERE key IN ('direction', 'started_at', 'ended_at', 'duration_seconds', 'ended_reason', 'intent', 'lost_reason', 'cost')
$$;
