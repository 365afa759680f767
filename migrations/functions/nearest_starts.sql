-- Up to three free starts to offer instead of a wish: on its own day the nearest before and the nearest after,
-- then on the following days the one nearest to its time of day. In time order, as JSON.
-- The window widens (the day, then steps of one to four weeks, to the horizon) so that the usual case reads little.
CREATE OR REPLACE FUNCTION frontdesk.nearest_starts(
    p_org          frontdesk.orgs,
    p_service      frontdesk.services,
    p_provider_ids uuid[],
    p_length       interval,
    p_wish         timestamptz,
    p_ignore       uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_wish      timestamptz := greatest(p_wish, now());
    v_local     timestamp := v_wish AT TIME ZONE p_org.time_zone;
    -- The wish's own time of day, also where the wish has passed: today at 9 is offered 9 on other days.
    v_clock     time := (p_wish AT TIME ZONE p_org.time_zone)::time;
    v_day_start timestamptz := date_trunc('day', v_local) AT TIME ZONE p_org.time_zone;
    v_from      timestamptz;
    v_until     timestamptz := (date_trunc('day', v_local) + interval '1 day') AT TIME ZONE p_org.time_zone;
    v_days      integer := 7;
    v_picks     timestamptz[];
    v_more      timestamptz[];
    v_spare     timestamptz[];
    v_answer    jsonb;
BEGIN
    -- The wish's own day: [1] nearest before, [2] nearest after, the rest by distance in reserve.
    SELECT array_agg(s.start ORDER BY s.rank, s.distance) FILTER (WHERE s.rank = 1),
           array_agg(s.start ORDER BY s.distance) FILTER (WHERE s.rank > 1)
    INTO v_picks, v_spare
    FROM (
        SELECT o.starts_at AS start,
               abs(extract(epoch FROM o.starts_at - v_wish)) AS distance,
               row_number() OVER (PARTITION BY o.starts_at < v_wish ORDER BY abs(extract(epoch FROM o.starts_at - v_wish))) AS rank
        FROM (SELECT DISTINCT starts_at FROM frontdesk.open_starts(
                  p_org, p_service, p_provider_ids, p_length, v_day_start, v_until - interval '1 microsecond', p_ignore)) AS o
        WHERE o.starts_at <> p_wish
    ) AS s;

    -- The days after it.
    LOOP
        EXIT WHEN coalesce(cardinality(v_picks), 0) >= 3
               OR now() + make_interval(days => p_org.booking_horizon_days) <= v_until;
        v_from := v_until;
        v_until := ((v_local::date + 1 + v_days)::timestamp) AT TIME ZONE p_org.time_zone;
        SELECT array_agg(d.start ORDER BY d.start)
        INTO v_more
        FROM (
            SELECT DISTINCT ON (l.local::date) o.starts_at AS start
            FROM frontdesk.open_starts(p_org, p_service, p_provider_ids, p_length, v_from, v_until - interval '1 microsecond', p_ignore) AS o,
                 LATERAL (SELECT o.starts_at AT TIME ZONE p_org.time_zone AS local) AS l
            ORDER BY l.local::date, abs(extract(epoch FROM l.local::time - v_clock)), o.starts_at
            LIMIT 3
        ) AS d;
        v_picks := (v_picks || v_more)[1:3];
        v_days := v_days + least(v_days, 28);   -- in steps: the whole horizon at once took 50 providers over a second
    END LOOP;
    v_picks := (v_picks || v_spare)[1:3];

    SELECT jsonb_agg(jsonb_build_object('starts_at', start) ORDER BY start)
    INTO v_answer
    FROM unnest(v_picks) AS start;
    RETURN coalesce(v_answer, '[]');
END
$$;
