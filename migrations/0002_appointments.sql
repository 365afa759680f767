-- Contacts, their appointments, and what else keeps a provider busy.

CREATE DOMAIN frontdesk.confirmation_code AS text
    CONSTRAINT confirmation_code_is_four_digits CHECK (VALUE ~ '^[0-9]{4}$');
CREATE DOMAIN frontdesk.appointment_source AS text
    CONSTRAINT appointment_source_known CHECK (VALUE IN ('voice', 'staff', 'patient', 'calendar'));
CREATE DOMAIN frontdesk.appointment_notes AS text
    CONSTRAINT appointment_notes_are_short CHECK (length(VALUE) <= 2000);
CREATE DOMAIN frontdesk.idempotency_key AS text
    CONSTRAINT idempotency_key_is_short CHECK (length(VALUE) BETWEEN 1 AND 255);

CREATE TABLE frontdesk.contacts (
    org_id        uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id            uuid NOT NULL,
    phone         frontdesk.phone_number NOT NULL,
    name          frontdesk.person_name NOT NULL,
    email         frontdesk.email_address,
    date_of_birth date,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT contacts_phone_unique_in_org UNIQUE (org_id, phone)
);

CREATE TABLE frontdesk.appointments (
    org_id            uuid NOT NULL,          -- exists: the provider's key below has it too
    id                uuid NOT NULL,
    provider_id       uuid NOT NULL,
    provider_no       bigint NOT NULL,        -- providers.provider_no, for the exclusion constraint
    contact_id        uuid NOT NULL,
    service_id        uuid NOT NULL,
    patient_name      frontdesk.person_name NOT NULL,   -- who comes: one phone may book for a family
    is_new_patient    boolean,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    during            tstzrange NOT NULL,     -- the visit with its buffers, '[)': what must not overlap
    status            text NOT NULL DEFAULT 'pending'
                      CONSTRAINT appointments_status_known CHECK (status IN ('pending', 'confirmed', 'arrived', 'completed', 'no_show', 'cancelled')),
    overbooked        boolean NOT NULL DEFAULT false,   -- staff said so, and the event says who
    version           integer NOT NULL DEFAULT 1,
    confirmation_code frontdesk.confirmation_code NOT NULL,
    source            frontdesk.appointment_source NOT NULL,
    call_id           text,                   -- Vapi's id of the call that booked it
    last_call_id      text,                   -- and of the call that changed it last: makes a repeated cancel an answer
    notes             frontdesk.appointment_notes,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id),
    FOREIGN KEY (org_id, contact_id) REFERENCES frontdesk.contacts (org_id, id),
    FOREIGN KEY (org_id, service_id) REFERENCES frontdesk.services (org_id, id),
    CONSTRAINT appointments_end_after_start CHECK (ends_at > starts_at),
    CONSTRAINT appointments_during_covers_the_visit CHECK (lower(during) <= starts_at AND upper(during) >= ends_at AND lower_inc(during) AND NOT upper_inc(during)),
    -- Lets the overlap look read a bounded stretch of the index (free_providers).
    CONSTRAINT appointments_visit_at_most_eight_hours CHECK (ends_at - starts_at <= interval '8 hours'),
    CONSTRAINT appointments_buffers_at_most_two_hours CHECK (starts_at - lower(during) <= interval '2 hours' AND upper(during) - ends_at <= interval '2 hours'),
    -- The second wall, behind the advisory lock: it also stops a writer who does not take the lock.
    CONSTRAINT appointments_never_overlap EXCLUDE USING gist (
        int8range(provider_no, provider_no, '[]') WITH &&,
        during WITH &&
    ) WHERE (status IN ('pending', 'confirmed', 'arrived') AND NOT overbooked)
);
-- The look before a booking, and the board's day.
CREATE INDEX appointments_by_provider_and_time ON frontdesk.appointments (org_id, provider_id, starts_at);
-- A caller's own coming visits: the second factor, the limit, and "already booked".
CREATE INDEX appointments_live_by_contact ON frontdesk.appointments (org_id, contact_id, starts_at)
    WHERE status IN ('pending', 'confirmed', 'arrived');

-- What the provider's own calendar says (Google), mirrored so that it can be checked under the lock.
CREATE TABLE frontdesk.busy_blocks (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL,
    provider_id uuid NOT NULL,
    during      tstzrange NOT NULL CONSTRAINT busy_blocks_half_open CHECK (NOT isempty(during) AND NOT upper_inc(during) AND (lower_inc(during) OR lower_inf(during))),
    -- A column of its own because row level security keeps upper() out of index conditions (it is not leakproof).
    ends_at     timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(upper(during), 'infinity')) STORED,
    source      text NOT NULL DEFAULT 'google',
    external_id text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id)
);
-- Blocks may last for weeks, so unlike visits they are found by their end: all that is not yet over.
CREATE INDEX busy_blocks_by_provider_and_end ON frontdesk.busy_blocks (org_id, provider_id, ends_at);

-- The stored answer of every call that changed something. No foreign key: the row is written and deleted in
-- bulk and refers to nothing (measured: each key costs a booking about 5 % CPU).
CREATE TABLE frontdesk.idempotency_keys (
    org_id       uuid NOT NULL,
    key          frontdesk.idempotency_key NOT NULL,
    request_hash text NOT NULL,
    answer       jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, key)
);
CREATE INDEX idempotency_keys_by_age ON frontdesk.idempotency_keys USING brin (created_at);   -- for retention

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['contacts', 'appointments', 'busy_blocks', 'idempotency_keys'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
END $$;
