-- The providers who are free for this visit, fairest choice first: THE rule of what "free" means.
--
-- Free: active, offers the service, within one of that day's hours, no closure over the visit, and neither a
-- live appointment nor a busy block over the visit with its buffers. (find_slots states the same rule as a
-- subtraction of ranges; a property test compares the two.)
-- Fairest: fewest live visits that local day; ties fall by a hash that differs from slot to slot.
-- VOLATILE on purpose: called again after the lock it must see what the last holder committed.
--
-- p_provider_ids: only these, or null for any. p_ignore: an appointment about to be moved.
CREATE OR REPLACE FUNCTION frontdesk.free_providers(
    p_org_id       uuid,
    p_zone         text,
    p_service_id   uuid,
    p_provider_ids uuid[],
    p_starts_at    timestamptz,
    p_ends_at      timestamptz,
    p_during       tstzrange,
    p_ignore       uuid
) RETURNS uuid[]
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_local_day date := (p_starts_at AT TIME ZONE p_zone)::date;
    v_weekday   integer := extract(isodow FROM v_local_day);
    v_day_start timestamptz := v_local_day::timestamp AT TIME ZONE p_zone;
    v_visit     tstzrange := tstzrange(p_starts_at, p_ends_at);
    -- The bounds follow from the table's checks (visit at most 8 h, buffers at most 2 h) and keep the look at
    -- appointments to a few index entries however many there are.
    v_after     timestamptz := lower(p_during) - interval '10 hours';
    v_before    timestamptz := upper(p_during) + interval '2 hours';
    v_free      uuid[];
BEGIN
    SELECT array_agg(p.id ORDER BY
               -- One provider needs no ranking.
               CASE WHEN cardinality(p_provider_ids) = 1 THEN 0 ELSE (
                   SELECT count(*)
                   FROM frontdesk.appointments a
                   WHERE a.org_id = p_org_id AND a.provider_id = p.id
                     AND a.starts_at >= v_day_start AND a.starts_at < v_day_start + interval '1 day'
                     AND a.status IN ('pending', 'confirmed', 'arrived')
               ) END,
               hashtextextended(p.id::text || p_starts_at, 0))
    INTO v_free
    FROM frontdesk.providers p
    JOIN frontdesk.provider_services ps ON ps.org_id = p.org_id AND ps.provider_id = p.id AND ps.service_id = p_service_id
    WHERE p.org_id = p_org_id
      AND p.active
      AND (p_provider_ids IS NULL OR p.id = ANY (p_provider_ids))
      AND EXISTS (
          SELECT FROM frontdesk.weekly_hours h
          WHERE h.org_id = p_org_id AND h.provider_id = p.id
            AND h.weekday = v_weekday
            AND (v_local_day + h.opens) AT TIME ZONE p_zone <= p_starts_at
            AND (v_local_day + h.closes) AT TIME ZONE p_zone >= p_ends_at
      )
      AND NOT EXISTS (
          SELECT FROM frontdesk.closures c
          WHERE c.org_id = p_org_id AND (c.provider_id IS NULL OR c.provider_id = p.id)
            AND c.during && v_visit
      )
      AND NOT EXISTS (
          SELECT FROM frontdesk.busy_blocks b
          WHERE b.org_id = p_org_id AND b.provider_id = p.id
            AND b.ends_at > lower(p_during)
            AND b.during && p_during
      )
      AND NOT EXISTS (
          SELECT FROM frontdesk.appointments a
          WHERE a.org_id = p_org_id AND a.provider_id = p.id
            AND a.starts_at > v_after
            AND a.starts_at < v_before
            AND a.during && p_during
            AND a.status IN ('pending', 'confirmed', 'arrived')
            AND a.id IS DISTINCT FROM p_ignore
      );
    RETURN coalesce(v_free, '{}');
END
$$;
