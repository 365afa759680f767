-- What happened (events: the timeline and the board read it) and who must be told of it (outbox).

-- One row an org: the last seq given out. Not a sequence: a sequence leaves gaps and is not commit-ordered,
-- and a board that resumes "after 2" would then miss 1 for ever (measured).
CREATE TABLE frontdesk.event_counters (
    org_id   uuid PRIMARY KEY REFERENCES frontdesk.orgs (id),
    last_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);   -- updated by every change: room for HOT updates

CREATE TABLE frontdesk.events (
    org_id         uuid NOT NULL,
    seq            bigint NOT NULL,
    at             timestamptz NOT NULL DEFAULT now(),
    type           text NOT NULL,             -- 'appointment.booked', 'follow_up.created', ...
    appointment_id uuid,
    contact_id     uuid,
    follow_up_id   uuid,
    call_id        text,
    actor          text NOT NULL,             -- 'voice', 'staff:<id>', 'patient', 'calendar'
    data           jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (org_id, seq)
);

CREATE DOMAIN frontdesk.queue_name AS text
    CONSTRAINT queue_name_known CHECK (VALUE IN ('sms', 'calendar', 'notify'));

CREATE TABLE frontdesk.outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id          uuid NOT NULL,
    queue           frontdesk.queue_name NOT NULL,
    kind            text NOT NULL,            -- the event's type
    aggregate_id    uuid NOT NULL,            -- the appointment or follow-up; ids only, nothing personal
    version         integer NOT NULL,         -- of the aggregate: a consumer drops what is older than the row
    seq             bigint NOT NULL,          -- of the event
    created_at      timestamptz NOT NULL DEFAULT now(),
    next_at         timestamptz NOT NULL DEFAULT now(),
    claimed_at      timestamptz,
    sent_at         timestamptz,
    dead_at         timestamptz,
    attempts        integer NOT NULL DEFAULT 0,
    last_error_code text
);
CREATE INDEX outbox_unsent ON frontdesk.outbox (next_at) WHERE sent_at IS NULL AND dead_at IS NULL;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['event_counters', 'events', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
END $$;
