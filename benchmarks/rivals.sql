-- What the product is measured against. None of it is used by the product, and none of it is under row security.

-- The floor: the least a durable booking could cost, one row and one commit.
CREATE TABLE bench.floor (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org  uuid NOT NULL,
    at   timestamptz NOT NULL,
    name text NOT NULL
);

-- Look, then insert, with nothing in between: what double-books.
CREATE TABLE bench.naive_contacts (
    org_id uuid NOT NULL,
    phone  text NOT NULL,
    name   text NOT NULL,
    PRIMARY KEY (org_id, phone)
);
CREATE TABLE bench.naive_appointments (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id      uuid NOT NULL,
    provider_id uuid NOT NULL,
    phone       text NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL
);
CREATE INDEX naive_appointments_by_provider ON bench.naive_appointments (provider_id, starts_at);

CREATE FUNCTION bench.naive_book(p_org_id uuid, p_provider_id uuid, p_phone text, p_starts_at timestamptz, p_minutes integer)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_ends_at timestamptz := p_starts_at + make_interval(mins => p_minutes);
BEGIN
    PERFORM FROM bench.naive_appointments
    WHERE provider_id = p_provider_id AND starts_at < v_ends_at AND ends_at > p_starts_at;
    IF FOUND THEN
        RETURN 'slot_unavailable';
    END IF;
    INSERT INTO bench.naive_contacts (org_id, phone, name) VALUES (p_org_id, p_phone, 'Dana Whitfield') ON CONFLICT DO NOTHING;
    INSERT INTO bench.naive_appointments (org_id, provider_id, phone, starts_at, ends_at)
    VALUES (p_org_id, p_provider_id, p_phone, p_starts_at, v_ends_at);
    RETURN 'booked';
END
$$;

-- The constraint alone: right, and slow, for waiters of overlapping rows deadlock.
CREATE TABLE bench.excluded_appointments (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider_no bigint NOT NULL,
    phone       text NOT NULL,
    during      tstzrange NOT NULL,
    EXCLUDE USING gist (int8range(provider_no, provider_no, '[]') WITH &&, during WITH &&)
);

CREATE FUNCTION bench.excluded_book(p_provider_no bigint, p_phone text, p_starts_at timestamptz, p_minutes integer)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO bench.excluded_appointments (provider_no, phone, during)
    VALUES (p_provider_no, p_phone, tstzrange(p_starts_at, p_starts_at + make_interval(mins => p_minutes)));
    RETURN 'booked';
EXCEPTION WHEN exclusion_violation THEN
    RETURN 'slot_unavailable';
END
$$;

-- The same rule as find_slots, said the obvious way: every start on the grid, less those that something forbids.
CREATE FUNCTION bench.slots_by_series(p_org_id uuid, p_from timestamptz, p_until timestamptz, p_provider_id uuid, p_limit integer)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    v_org     frontdesk.orgs;
    v_service frontdesk.services;
    v_length  interval;
    v_slots   jsonb;
BEGIN
    SELECT * INTO v_org FROM frontdesk.orgs WHERE id = p_org_id;
    SELECT * INTO v_service FROM frontdesk.services WHERE org_id = p_org_id AND active ORDER BY created_at, id LIMIT 1;
    v_length := make_interval(mins => v_service.duration_minutes);
    SELECT jsonb_agg(jsonb_build_object('starts_at', s.start, 'ends_at', s.start + v_length,
                                        'provider_id', s.id, 'provider_name', s.name) ORDER BY s.start)
    INTO v_slots
    FROM (
        SELECT DISTINCT ON (start) start, p.id, p.name
        FROM frontdesk.providers p
        JOIN frontdesk.provider_services ps ON ps.org_id = p.org_id AND ps.provider_id = p.id AND ps.service_id = v_service.id
        CROSS JOIN generate_series((p_from AT TIME ZONE v_org.time_zone)::date, (p_until AT TIME ZONE v_org.time_zone)::date, interval '1 day') AS day
        JOIN frontdesk.weekly_hours h ON h.org_id = p.org_id AND h.provider_id = p.id AND h.weekday = extract(isodow FROM day)
        CROSS JOIN generate_series(day::date + h.opens, day::date + h.closes - v_length, make_interval(mins => v_org.slot_grid_minutes)) AS grid
        CROSS JOIN LATERAL (SELECT grid AT TIME ZONE v_org.time_zone AS start) AS at
        WHERE p.org_id = p_org_id AND p.active AND (p_provider_id IS NULL OR p.id = p_provider_id)
          AND start BETWEEN p_from AND p_until
          AND NOT EXISTS (
              SELECT FROM frontdesk.closures c
              WHERE c.org_id = p_org_id AND (c.provider_id IS NULL OR c.provider_id = p.id)
                AND c.during && tstzrange(start, start + v_length))
          AND NOT EXISTS (
              SELECT FROM frontdesk.busy_blocks b
              WHERE b.org_id = p_org_id AND b.provider_id = p.id
                AND b.during && tstzrange(start, start + v_length))
          AND NOT EXISTS (
              SELECT FROM frontdesk.appointments a
              WHERE a.org_id = p_org_id AND a.provider_id = p.id
                AND a.starts_at > start - interval '10 hours' AND a.starts_at < start + v_length
                AND a.during && tstzrange(start, start + v_length)
                AND a.status IN ('pending', 'confirmed', 'arrived'))
        ORDER BY start, p.name
        LIMIT p_limit
    ) AS s;
    RETURN coalesce(v_slots, '[]');
END
$$;

GRANT INSERT ON bench.floor TO frontdesk_app;
GRANT SELECT, INSERT, UPDATE ON bench.naive_contacts, bench.naive_appointments TO frontdesk_app;
