-- When visits of this length may start with this provider, between two instants (both included): the rule of
-- free_providers as a subtraction of ranges (0.3-0.5 of the cost of trying every slot, measured).
--
-- A visit [s, s + length) lies within the hours [opens, closes) when s is in [opens, closes - length]; it
-- meets an obstacle [a, b) exactly when s is in the open range (a - length, b), widened by the buffers where
-- the obstacle counts against them.
CREATE OR REPLACE FUNCTION frontdesk.free_starts(
    p_org_id      uuid,
    p_zone        text,
    p_provider_id uuid,
    p_length      interval,
    p_before      interval,
    p_after       interval,
    p_from        timestamptz,
    p_until       timestamptz,
    p_ignore      uuid
) RETURNS tstzmultirange
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_open  tstzmultirange;
    v_taken tstzmultirange;
BEGIN
    SELECT range_agg(tstzrange(opening, last_start, '[]') * tstzrange(p_from, p_until, '[]'))
    INTO v_open
    -- As timestamps: series of dates would be made in the session's zone, not in the clinic's.
    FROM generate_series(date_trunc('day', p_from AT TIME ZONE p_zone), p_until AT TIME ZONE p_zone, interval '1 day') AS day
    JOIN frontdesk.weekly_hours h
      ON h.org_id = p_org_id AND h.provider_id = p_provider_id AND h.weekday = extract(isodow FROM day)
    CROSS JOIN LATERAL (
        SELECT (day::date + h.opens) AT TIME ZONE p_zone AS opening,
               (day::date + h.closes) AT TIME ZONE p_zone - p_length AS last_start
    ) AS starts
    WHERE opening <= last_start;
    IF v_open IS NULL THEN
        RETURN '{}';
    END IF;

    SELECT range_agg(taken)
    INTO v_taken
    FROM (
        SELECT tstzrange(lower(c.during) - p_length, upper(c.during), '()') AS taken
        FROM frontdesk.closures c
        WHERE c.org_id = p_org_id AND (c.provider_id IS NULL OR c.provider_id = p_provider_id)
          AND c.during && tstzrange(p_from, p_until + p_length)
        UNION ALL
        SELECT tstzrange(lower(b.during) - p_length - p_after, upper(b.during) + p_before, '()')
        FROM frontdesk.busy_blocks b
        WHERE b.org_id = p_org_id AND b.provider_id = p_provider_id
          AND b.ends_at > p_from - p_before
          AND b.during && tstzrange(p_from - p_before, p_until + p_length + p_after)
        UNION ALL
        SELECT tstzrange(lower(a.during) - p_length - p_after, upper(a.during) + p_before, '()')
        FROM frontdesk.appointments a
        WHERE a.org_id = p_org_id AND a.provider_id = p_provider_id
          AND a.starts_at > p_from - p_before - interval '10 hours'
          AND a.starts_at < p_until + p_length + p_after + interval '2 hours'
          AND a.during && tstzrange(p_from - p_before, p_until + p_length + p_after)
          AND a.status IN ('pending', 'confirmed', 'arrived')
          AND a.id IS DISTINCT FROM p_ignore
    ) AS obstacles;
    RETURN v_open - coalesce(v_taken, '{}');
END
$$;
