-- The clinics of the benchmarks, with ids that can be computed (a load generator cannot look them up).
-- Org n is bench.org_id(n), its providers are numbered 1 to p_providers, its service is 'Check-up' (15 minutes),
-- every day 08:00-18:00: 40 starts a day and provider, so that random calls mostly find a free one.

CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO frontdesk_app;

CREATE FUNCTION bench.org_id(p_org integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-0000-4000-8000-' || lpad((100000 + p_org)::text, 12, '0'))::uuid
$$;

CREATE FUNCTION bench.provider_id(p_org integer, p_provider integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-0000-4000-9000-' || lpad(((100000 + p_org) * 100 + p_provider)::text, 12, '0'))::uuid
$$;

CREATE FUNCTION bench.make_clinics(p_orgs integer, p_providers integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO frontdesk.orgs (id, slug, name, time_zone, minimum_notice_minutes, live_appointments_per_contact)
    SELECT bench.org_id(n), 'clinic-' || n, 'Clinic ' || n, 'America/New_York', 0, 1000 FROM generate_series(1, p_orgs) AS n;
    INSERT INTO frontdesk.providers (org_id, id, name)
    SELECT bench.org_id(n), bench.provider_id(n, p), 'Dr. Number ' || p
    FROM generate_series(1, p_orgs) AS n, generate_series(1, p_providers) AS p;
    INSERT INTO frontdesk.weekly_hours (org_id, provider_id, weekday, opens, closes)
    SELECT org_id, id, day, '08:00', '18:00' FROM frontdesk.providers, generate_series(1, 7) AS day;
    INSERT INTO frontdesk.services (org_id, id, name, duration_minutes)
    SELECT id, id, 'Check-up', 15 FROM frontdesk.orgs;
    INSERT INTO frontdesk.provider_services (org_id, provider_id, service_id)
    SELECT org_id, id, org_id FROM frontdesk.providers;
END
$$;

-- Fill the calendars up to so many appointments (one contact for every ten), spread evenly over orgs and providers:
-- the first ten thousand in the coming year, all others in the past, as in a clinic's life. History stays
-- 'confirmed' on purpose: clinics forget to close visits, and so every row stays in the exclusion constraint's index.
-- The constraint is rebuilt after the load: row by row it takes minutes (on 18, GiST sorts ranges when it builds).
CREATE FUNCTION bench.fill(p_target integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_have       bigint := (SELECT count(*) FROM frontdesk.appointments);
    v_constraint text := (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'appointments_never_overlap');
BEGIN
    IF p_target <= v_have THEN
        RETURN;
    END IF;
    ALTER TABLE frontdesk.appointments DROP CONSTRAINT appointments_never_overlap;
    SET LOCAL session_replication_role = replica;   -- no foreign-key check row by row
    SET LOCAL maintenance_work_mem = '256MB';
    CREATE TEMPORARY TABLE seat ON COMMIT DROP AS
        SELECT p.org_id, p.id AS provider_id, p.provider_no, row_number() OVER (ORDER BY p.org_id, p.id) - 1 AS place,
               count(*) OVER () AS seats
        FROM frontdesk.providers p;
    INSERT INTO frontdesk.contacts (org_id, id, phone, name)
    SELECT org_id, ('00000000-0000-4000-a000-' || lpad(n::text, 12, '0'))::uuid, '+1303' || lpad((n + 2000000)::text, 7, '0'), 'Sam Okafor'
    FROM generate_series(0, p_target / 10 - 1) AS n JOIN seat ON place = n % seats
    ON CONFLICT DO NOTHING;
    -- n counts visits; a seat's visits are n / seats apart: the k-th is on day k / 40 at start k % 40, forwards from
    -- three days ahead with gaps for the first ten thousand, backwards without gaps for the rest.
    INSERT INTO frontdesk.appointments (org_id, id, provider_id, provider_no, contact_id, service_id, patient_name,
                                        starts_at, ends_at, during, status, confirmation_code, source)
    SELECT org_id, ('00000000-0000-4000-b000-' || lpad(n::text, 12, '0'))::uuid, provider_id, provider_no,
           ('00000000-0000-4000-a000-' || lpad((place + seats * (n / seats % greatest(p_target / 10 / seats, 1)))::text, 12, '0'))::uuid,
           org_id, 'Sam Okafor', start, start + interval '15 minutes', tstzrange(start, start + interval '15 minutes'),
           'confirmed', '0000', 'staff'
    FROM generate_series(v_have, p_target - 1) AS n
    JOIN seat ON place = n % seats
    CROSS JOIN LATERAL (SELECT CASE WHEN n < 10000
        THEN current_date + 3 + (n / seats * 7)::integer + (n / seats % 40 + 32) * interval '15 minutes'
        ELSE current_date - 1 - (n / seats / 40)::integer + (n / seats % 40 + 32) * interval '15 minutes' END
        AT TIME ZONE 'America/New_York') AS at(start)
    ORDER BY provider_no, start;
    EXECUTE 'ALTER TABLE frontdesk.appointments ADD CONSTRAINT appointments_never_overlap ' || v_constraint;
END
$$;
