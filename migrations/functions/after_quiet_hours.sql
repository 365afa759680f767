-- The first moment at or after p_at that is not quiet by the clinic's clock: p_at itself in daytime.
-- Quiet hours may cross midnight; equal ends mean there are none.
CREATE OR REPLACE FUNCTION frontdesk.after_quiet_hours(
    p_at          timestamptz,
    p_time_zone   text,
    p_quiet_from  time,
    p_quiet_until time
) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN p_quiet_from < p_quiet_until AND clock >= p_quiet_from AND clock < p_quiet_until
            THEN (day + p_quiet_until) AT TIME ZONE p_time_zone
        WHEN p_quiet_from > p_quiet_until AND clock < p_quiet_until
            THEN (day + p_quiet_until) AT TIME ZONE p_time_zone
        WHEN p_quiet_from > p_quiet_until AND clock >= p_quiet_from
            THEN (day + 1 + p_quiet_until) AT TIME ZONE p_time_zone
        ELSE p_at
    END
    FROM (SELECT (p_at AT TIME ZONE p_time_zone)::date AS day, (p_at AT TIME ZONE p_time_zone)::time AS clock) AS here
$$;
