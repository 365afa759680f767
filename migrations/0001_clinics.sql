-- Who the clinics are, who works there, what they offer and when they are open.
--
-- Every table but orgs carries org_id first in its primary key: the tenant leads every index, foreign keys
-- can then never join two clinics, and a later split by org needs no new key.

-- What a phone number, a name, ... must look like, said once for every column that holds one. Domains rather than
-- CHECK constraints: a backend keeps a domain's rule ready, while the text of every CHECK of a table is read and
-- planned anew by each INSERT (measured: 8 % of a booking's instructions).
CREATE DOMAIN frontdesk.phone_number AS text
    CONSTRAINT phone_number_is_e164 CHECK (VALUE ~ '^\+[1-9][0-9]{6,14}$');
CREATE DOMAIN frontdesk.person_name AS text
    CONSTRAINT person_name_is_tidy CHECK (VALUE = btrim(VALUE) AND length(VALUE) BETWEEN 1 AND 120 AND VALUE !~ '[[:cntrl:]]');
CREATE DOMAIN frontdesk.email_address AS text
    CONSTRAINT email_address_is_lower_case CHECK (VALUE = lower(VALUE) AND VALUE ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' AND length(VALUE) <= 254);

CREATE TABLE frontdesk.orgs (
    id                          uuid PRIMARY KEY,
    slug                        text NOT NULL CONSTRAINT orgs_slug_unique UNIQUE
                                CONSTRAINT orgs_slug_is_kebab_case CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name                        text NOT NULL CONSTRAINT orgs_name_not_blank CHECK (btrim(name) <> ''),
    time_zone                   text NOT NULL
                                -- Raises 22023 for a zone that Postgres does not know.
                                CONSTRAINT orgs_time_zone_known CHECK (timezone(time_zone, 'epoch'::timestamptz) IS NOT NULL),
    region                      text NOT NULL DEFAULT 'US'   -- reads phone numbers given without a country code
                                CONSTRAINT orgs_region_is_iso_3166 CHECK (region ~ '^[A-Z]{2}$'),
    language                    text NOT NULL DEFAULT 'en'
                                CONSTRAINT orgs_language_is_iso_639 CHECK (language ~ '^[a-z]{2}$'),
    slot_grid_minutes           integer NOT NULL DEFAULT 15
                                CONSTRAINT orgs_grid_divides_the_day CHECK (slot_grid_minutes BETWEEN 5 AND 240 AND 1440 % slot_grid_minutes = 0),
    minimum_notice_minutes      integer NOT NULL DEFAULT 60
                                CONSTRAINT orgs_notice_is_sane CHECK (minimum_notice_minutes BETWEEN 0 AND 20160),
    booking_horizon_days        integer NOT NULL DEFAULT 365
                                CONSTRAINT orgs_horizon_is_sane CHECK (booking_horizon_days BETWEEN 1 AND 730),
    live_appointments_per_contact integer NOT NULL DEFAULT 10
                                CONSTRAINT orgs_contact_limit_is_sane CHECK (live_appointments_per_contact BETWEEN 1 AND 1000),
    -- Vapi's secret is derived from a master key, the org and this number; it is never stored (docs/decisions/0004).
    vapi_secret_generation      integer NOT NULL DEFAULT 1 CONSTRAINT orgs_generation_positive CHECK (vapi_secret_generation > 0),
    previous_secret_expires_at  timestamptz,
    created_at                  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE frontdesk.providers (
    org_id      uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id          uuid NOT NULL,
    -- A number beside the id because the exclusion constraint needs a range, and a range over numbers
    -- needs no extension (btree_gist is not in every Postgres).
    provider_no bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT providers_number_unique UNIQUE,
    name        text NOT NULL CONSTRAINT providers_name_not_blank CHECK (btrim(name) <> ''),
    active      boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT providers_name_unique_in_org UNIQUE (org_id, name)
);

CREATE TABLE frontdesk.services (
    org_id                uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id                    uuid NOT NULL,
    name                  text NOT NULL CONSTRAINT services_name_not_blank CHECK (btrim(name) <> ''),
    aliases               text[] NOT NULL DEFAULT '{}',   -- other words callers use for it, lower case
    duration_minutes      integer NOT NULL
                          CONSTRAINT services_duration_in_range CHECK (duration_minutes BETWEEN 5 AND 480),
    buffer_before_minutes integer NOT NULL DEFAULT 0
                          CONSTRAINT services_buffer_before_in_range CHECK (buffer_before_minutes BETWEEN 0 AND 120),
    buffer_after_minutes  integer NOT NULL DEFAULT 0
                          CONSTRAINT services_buffer_after_in_range CHECK (buffer_after_minutes BETWEEN 0 AND 120),
    active                boolean NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT services_name_unique_in_org UNIQUE (org_id, name)
);

CREATE TABLE frontdesk.provider_services (
    org_id      uuid NOT NULL,
    provider_id uuid NOT NULL,
    service_id  uuid NOT NULL,
    PRIMARY KEY (org_id, provider_id, service_id),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id),
    FOREIGN KEY (org_id, service_id) REFERENCES frontdesk.services (org_id, id)
);

-- Wall-clock hours in the clinic's zone; a day may have several rows (a lunch break is a gap between two).
CREATE TABLE frontdesk.weekly_hours (
    org_id      uuid NOT NULL,
    provider_id uuid NOT NULL,
    weekday     smallint NOT NULL CONSTRAINT weekly_hours_weekday_is_iso CHECK (weekday BETWEEN 1 AND 7),  -- 1 = Monday
    opens       time NOT NULL,
    closes      time NOT NULL,
    PRIMARY KEY (org_id, provider_id, weekday, opens),
    CONSTRAINT weekly_hours_close_after_opening CHECK (closes > opens),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id)
);

-- Times nobody can be booked: for one provider, or for the whole clinic where provider_id is null.
CREATE TABLE frontdesk.closures (
    org_id      uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id          uuid NOT NULL,
    provider_id uuid,
    during      tstzrange NOT NULL CONSTRAINT closures_half_open CHECK (NOT isempty(during) AND NOT upper_inc(during) AND (lower_inc(during) OR lower_inf(during))),
    reason      text NOT NULL DEFAULT '',
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id)
);

-- How a call finds its clinic: Vapi's phone number id first, then the called number, then the assistant.
CREATE TABLE frontdesk.vapi_numbers (
    org_id          uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id              uuid NOT NULL,
    phone_number_id text CONSTRAINT vapi_numbers_phone_number_id_unique UNIQUE,
    number          frontdesk.phone_number CONSTRAINT vapi_numbers_number_unique UNIQUE,
    assistant_id    text CONSTRAINT vapi_numbers_assistant_id_unique UNIQUE,
    PRIMARY KEY (org_id, id),
    CONSTRAINT vapi_numbers_name_something CHECK (num_nonnulls(phone_number_id, number, assistant_id) > 0)
);

-- Row level security, forced: it holds even for the owner, who owns the functions too (facts: with ENABLE
-- alone a SECURITY DEFINER function saw other tenants' rows). The setting is '' rather than null once a
-- connection has been used, hence nullif.
DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['providers', 'services', 'provider_services', 'weekly_hours', 'closures', 'vapi_numbers'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
END $$;

ALTER TABLE frontdesk.orgs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY orgs_own_org ON frontdesk.orgs
    USING (id = nullif(current_setting('app.org_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.org_id', true), '')::uuid);

-- Before the clinic is known, org_for_call must read across clinics, and only there: its SET clause names
-- the scope. The runtime role holds no privilege on any table, so setting the scope itself gains it nothing.
CREATE POLICY vapi_numbers_routing ON frontdesk.vapi_numbers FOR SELECT
    USING (current_setting('app.scope', true) = 'routing');
