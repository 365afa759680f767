-- The points of the clinic's start grid (every p_grid_minutes of its wall clock) inside these ranges.
--
-- The grid is on the local clock, and clocks jump inside a range (by 30 minutes on Lord Howe Island, else by
-- hours). So the walk takes steps that every jump is a multiple of, and keeps what is on the grid by the clock.
CREATE OR REPLACE FUNCTION frontdesk.grid_starts(p_free tstzmultirange, p_zone text, p_grid_minutes integer)
RETURNS SETOF timestamptz
LANGUAGE sql VOLATILE
AS $$
    SELECT start
    FROM unnest(p_free) AS free,
         LATERAL (
             -- The first step at or after the range's start. Local time counts: half-hour zones would
             -- otherwise start at odd minutes.
             SELECT lower(free) + make_interval(secs => mod(
                        step * 60 - mod(extract(epoch FROM lower(free) AT TIME ZONE p_zone), step * 60),
                        step * 60)::double precision) AS first_step,
                    make_interval(mins => step) AS step
             FROM (SELECT gcd(p_grid_minutes, 30)) AS g (step)
         ) AS walk,
         generate_series(first_step, upper(free), walk.step) AS start
    WHERE start <@ free
      AND mod(extract(epoch FROM start AT TIME ZONE p_zone), p_grid_minutes * 60) = 0
$$;
