-- Free starts in a window, for the agent to offer and the board to show; when there are none, the nearest ones.
--
-- Outcomes: slots, no_availability (with alternatives), unknown_service, unknown_provider.
-- p_earliest/p_latest cut each day by the clinic's wall clock (p_latest not included). A null p_service_type
-- means the clinic's first service. One entry a start (where several are free at it, the first by name), at most
-- p_limit of them and at most the p_per_day first of a day; the window widens inside (a week, four, thirteen, all) so that
-- a far horizon costs nothing while near starts suffice.
CREATE OR REPLACE FUNCTION frontdesk.find_slots(
    p_org_id       uuid,
    p_service_type text,
    p_from         timestamptz,
    p_until        timestamptz,
    p_provider     text DEFAULT NULL,
    p_earliest     time DEFAULT NULL,
    p_latest       time DEFAULT NULL,
    p_limit        integer DEFAULT 100,
    p_per_day      integer DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org         orgs;
    v_service     services;
    v_provider_id uuid;
    v_providers   uuid[];
    v_length      interval;
    v_days        integer;
    v_until       timestamptz;
    v_slots       jsonb;
    v_found       bigint;
BEGIN
    v_org := act_for(p_org_id);
    IF p_service_type IS NULL THEN
        SELECT s.* INTO v_service FROM services s WHERE s.org_id = p_org_id AND s.active ORDER BY s.created_at, s.id LIMIT 1;
    ELSE
        v_service := find_service(p_org_id, p_service_type);
    END IF;
    IF v_service.id IS NULL THEN
        RETURN jsonb_build_object('outcome', 'unknown_service', 'services',
            (SELECT coalesce(jsonb_agg(s.name ORDER BY s.name), '[]') FROM services s WHERE s.org_id = p_org_id AND s.active));
    END IF;
    IF p_provider IS NOT NULL THEN
        v_provider_id := find_provider(p_org_id, p_provider);
        IF v_provider_id IS NULL OR NOT EXISTS (
            SELECT FROM provider_services ps
            WHERE ps.org_id = p_org_id AND ps.provider_id = v_provider_id AND ps.service_id = v_service.id) THEN
            RETURN unknown_provider(p_org_id, v_service, v_provider_id);
        END IF;
        v_providers := ARRAY[v_provider_id];
    END IF;
    v_length := make_interval(mins => v_service.duration_minutes);

    FOREACH v_days IN ARRAY ARRAY[7, 28, 91, 731] LOOP
        v_until := least(p_until, greatest(p_from, now()) + make_interval(days => v_days));
        SELECT count(*), jsonb_agg(jsonb_build_object(
                   'starts_at', o.starts_at, 'ends_at', o.starts_at + v_length,
                   'provider_id', o.provider_id, 'provider_name', o.provider_name) ORDER BY o.starts_at)
        INTO v_found, v_slots
        FROM (
            SELECT n.starts_at, n.provider_id, n.provider_name
            FROM (
                SELECT u.*, row_number() OVER (PARTITION BY (u.starts_at AT TIME ZONE v_org.time_zone)::date ORDER BY u.starts_at) AS nth
                FROM (
                    SELECT DISTINCT ON (s.starts_at) s.*
                    FROM open_starts(v_org, v_service, v_providers, v_length, p_from, v_until, NULL) AS s,
                         LATERAL (SELECT (s.starts_at AT TIME ZONE v_org.time_zone)::time AS local) AS l
                    WHERE (p_earliest IS NULL OR l.local >= p_earliest) AND (p_latest IS NULL OR l.local < p_latest)
                    ORDER BY s.starts_at, s.provider_name
                ) AS u
            ) AS n
            WHERE p_per_day IS NULL OR n.nth <= p_per_day
            ORDER BY n.starts_at
            LIMIT p_limit
        ) AS o;
        EXIT WHEN v_found >= p_limit OR v_until >= p_until;
    END LOOP;
    RETURN jsonb_build_object(
        'outcome', CASE WHEN v_found > 0 THEN 'slots' ELSE 'no_availability' END,
        'today', (now() AT TIME ZONE v_org.time_zone)::date,
        'service_name', v_service.name,
        'slots', coalesce(v_slots, '[]'),
        'alternatives', CASE WHEN v_found > 0 THEN '[]'::jsonb
            ELSE nearest_starts(v_org, v_service, v_providers, v_length,
                -- Near the middle of what was asked for, by the clock: an afternoon wish is offered afternoons.
                greatest(p_from, (((p_from AT TIME ZONE v_org.time_zone)::date + coalesce(p_earliest, time '00:00')) AT TIME ZONE v_org.time_zone)),
                NULL) END);
END
$$;
