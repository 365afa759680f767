-- How far a call is: it only ever goes on. A state nobody knows is no news.
CREATE OR REPLACE FUNCTION frontdesk.call_state_rank(p_state text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE p_state WHEN 'ringing' THEN 1 WHEN 'in_progress' THEN 2 WHEN 'forwarding' THEN 3 WHEN 'ended' THEN 4 ELSE 0 END
$$;
