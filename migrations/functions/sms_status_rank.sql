-- How far along a status of Twilio's is; null for one we do not know, which is logged and changes nothing.
-- Twilio repeats and reorders its callbacks: one is applied only where it raises the rank.
CREATE OR REPLACE FUNCTION frontdesk.sms_status_rank(p_status text) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN p_status IN ('queued', 'accepted', 'scheduled') THEN 1
        WHEN p_status = 'sending' THEN 2
        WHEN p_status = 'sent' THEN 3
        WHEN p_status IN ('delivered', 'undelivered', 'failed', 'canceled') THEN 4
        WHEN p_status = 'read' THEN 5
    END::smallint
$$;
