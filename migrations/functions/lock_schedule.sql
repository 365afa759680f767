-- Lock the schedules of these providers, and the contact with this phone, until the transaction ends.
--
-- The one place where the lock is taken: everything that changes a live range calls it, as a statement of its
-- own, before it looks. Transaction-level (pg_advisory_xact_lock), which RDS Proxy does not pin.
-- The key is the provider, never the start time: two visits that start at different times may overlap
-- (measured: a lock on the start time double-books in most rounds).
-- Keys are taken in ascending order, or two callers who want the same two providers would deadlock
-- (measured: 26 % of calls in random order, none in order). lock_not_available (55P03) after lock_timeout.
CREATE OR REPLACE FUNCTION frontdesk.lock_schedule(p_org_id uuid, p_provider_ids uuid[], p_phone text) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_key bigint;
BEGIN
    FOR v_key IN
        SELECT DISTINCT hashtextextended(subject, 0) AS key
        FROM (
            SELECT 'provider:v1:' || p_org_id || ':' || provider_id AS subject FROM unnest(p_provider_ids) AS provider_id
            UNION ALL
            SELECT 'contact:v1:' || p_org_id || ':' || p_phone WHERE p_phone IS NOT NULL
        ) AS subjects
        ORDER BY key
    LOOP
        PERFORM pg_advisory_xact_lock(v_key);
    END LOOP;
END
$$;
