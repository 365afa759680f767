-- The points of the clinic's start grid (every p_grid_minutes of its wall clock) inside these ranges.
CREATE OR REPLACE FUNCTION frontdesk.grid_starts(p_free tstzmultirange, p_zone text, p_grid_minutes integer)
RETURNS SETOF timestamptz
LANGUAGE sql VOLATILE
AS $$
    SELECT start
    FROM unnest(p_free) AS free,
         LATERAL (
             -- The first grid point at or after the range's start. Local time is what is on the grid: half-hour
             -- zones would otherwise start at odd minutes.
             SELECT lower(free) + make_interval(secs => mod(
                 p_grid_minutes * 60 - mod(extract(epoch FROM lower(free) AT TIME ZONE p_zone), p_grid_minutes * 60),
                 p_grid_minutes * 60)::double precision) AS first_start
         ) AS grid,
         generate_series(first_start, upper(free), make_interval(mins => p_grid_minutes)) AS start
    WHERE start <@ free
$$;
