-- What a clinic may know in figures, how long words are kept, and people who asked to be forgotten.

ALTER TABLE frontdesk.orgs
    -- Days after which the words go and the record stays (docs/privacy.md).
    ADD COLUMN transcript_days integer NOT NULL DEFAULT 90
        CONSTRAINT orgs_transcript_days_are_sane CHECK (transcript_days BETWEEN 1 AND 3650),
    ADD COLUMN message_days    integer NOT NULL DEFAULT 90
        CONSTRAINT orgs_message_days_are_sane CHECK (message_days BETWEEN 1 AND 3650),
    ADD COLUMN recording_days  integer NOT NULL DEFAULT 30
        CONSTRAINT orgs_recording_days_are_sane CHECK (recording_days BETWEEN 1 AND 3650),
    -- Which rules may make follow-ups. One more always does: who was promised a call back in a call (transfer_call).
    ADD COLUMN follow_up_rules text[] NOT NULL DEFAULT '{call,cancelled_by_provider,failed_text,no_show}'
        CONSTRAINT orgs_follow_up_rules_known
        CHECK (array_position(follow_up_rules, NULL) IS NULL
               AND follow_up_rules <@ '{call,cancelled_by_provider,failed_text,no_show}'::text[]),
    -- Millionths of the currency for one segment of a text: an estimate (docs/insight.md says where it is from).
    ADD COLUMN sms_segment_price_micros integer NOT NULL DEFAULT 8300
        CONSTRAINT orgs_segment_price_is_sane CHECK (sms_segment_price_micros BETWEEN 0 AND 10000000),
    ADD COLUMN sms_price_currency       text NOT NULL DEFAULT 'USD'
        CONSTRAINT orgs_currency_is_iso_4217 CHECK (sms_price_currency ~ '^[A-Z]{3}$');

-- What a rule's follow-up is about: one for each, ever.
ALTER TABLE frontdesk.follow_ups
    ADD COLUMN rule_subject text CONSTRAINT follow_ups_rule_subject_is_short CHECK (length(rule_subject) <= 120),
    ADD COLUMN forgotten_at timestamptz;        -- its words are gone
CREATE UNIQUE INDEX follow_ups_once_a_subject ON frontdesk.follow_ups (org_id, rule, rule_subject) WHERE rule_subject IS NOT NULL;
CREATE INDEX follow_ups_to_forget ON frontdesk.follow_ups (org_id, done_at) WHERE status = 'done' AND forgotten_at IS NULL;

-- What the rules look at; rows enter when a visit is lost or a text failed, hence seldom.
CREATE INDEX appointments_lost ON frontdesk.appointments (updated_at) WHERE status = 'no_show';
CREATE INDEX sms_messages_failed ON frontdesk.sms_messages (updated_at) WHERE direction = 'out' AND state IN ('undelivered', 'failed');
-- When a visit was cancelled is the event's to tell: the row changes later.
CREATE INDEX events_cancelled ON frontdesk.events (org_id, at) WHERE type = 'appointment.cancelled';

-- By clinic, for each has days of its own.
DROP INDEX frontdesk.sms_messages_to_forget;
CREATE INDEX sms_messages_to_forget ON frontdesk.sms_messages (org_id, created_at) WHERE body IS NOT NULL;
CREATE INDEX events_with_words ON frontdesk.events (org_id, at)
    WHERE type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.cancelled') AND data ? 'reason';

ALTER TABLE frontdesk.calls
    ADD COLUMN forgotten_at timestamptz,        -- what was said is gone
    ADD COLUMN erased_at    timestamptz;        -- who called too: nothing personal is taken in any more
CREATE INDEX calls_to_forget ON frontdesk.calls (org_id, started_at) WHERE forgotten_at IS NULL;
CREATE INDEX calls_recorded ON frontdesk.calls (org_id, started_at) WHERE recording_url IS NOT NULL;
CREATE INDEX calls_by_lead ON frontdesk.calls (org_id, lead_id) WHERE lead_id IS NOT NULL;

ALTER TABLE frontdesk.contacts
    ADD COLUMN erased_at   timestamptz,
    ADD COLUMN merged_into uuid;                -- the same person's row that has their history; this one has only its number
-- The search leaves both out and still reads no row of the table.
DROP INDEX frontdesk.contacts_by_name;
CREATE INDEX contacts_by_name ON frontdesk.contacts (org_id, search_name, id) INCLUDE (phone, merged_into, erased_at);
CREATE INDEX contacts_merged ON frontdesk.contacts (org_id, merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE frontdesk.appointments
    ADD COLUMN erased_at timestamptz;           -- its event must not stay in Google
ALTER TABLE frontdesk.sms_messages
    ADD COLUMN erased_at timestamptz;           -- what Twilio still tells of it must be deleted there
CREATE INDEX sms_messages_by_contact ON frontdesk.sms_messages (org_id, contact_id, created_at) WHERE contact_id IS NOT NULL;

-- Salts the hashes below: numbers are few enough to be tried out.
CREATE TABLE frontdesk.erasure_salts (
    org_id uuid PRIMARY KEY REFERENCES frontdesk.orgs (id),
    salt   text NOT NULL
);

-- Numbers of people who were erased: what happened before, and is told only now, is not taken in (person_erased).
CREATE TABLE frontdesk.erased_people (
    org_id     uuid NOT NULL REFERENCES frontdesk.orgs (id),
    phone_hash text NOT NULL CONSTRAINT erased_people_hash_is_sha256 CHECK (phone_hash ~ '^[0-9a-f]{64}$'),
    contact_id uuid,
    erased_at  timestamptz NOT NULL DEFAULT now(),
    opted_out  boolean NOT NULL DEFAULT false,  -- said STOP: that outlives the erasure
    PRIMARY KEY (org_id, phone_hash)
);

-- Texts of erased people that Twilio still has, by its ids.
CREATE TABLE frontdesk.twilio_deletions (
    org_id          uuid NOT NULL REFERENCES frontdesk.orgs (id),
    twilio_sid      text NOT NULL,
    contact_id      uuid NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_at         timestamptz NOT NULL DEFAULT now(),
    last_error_code text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, twilio_sid)
);
CREATE INDEX twilio_deletions_due ON frontdesk.twilio_deletions (next_at);

-- What retention took away, a row a clinic and day; told in one event when the day is over.
CREATE TABLE frontdesk.retention_days (
    org_id      uuid NOT NULL REFERENCES frontdesk.orgs (id),
    day         date NOT NULL,                  -- the clinic's
    transcripts integer NOT NULL DEFAULT 0,
    recordings  integer NOT NULL DEFAULT 0,
    messages    integer NOT NULL DEFAULT 0,
    follow_ups  integer NOT NULL DEFAULT 0,
    reasons     integer NOT NULL DEFAULT 0,
    told        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (org_id, day)
);
CREATE INDEX retention_days_untold ON frontdesk.retention_days (day) WHERE NOT told;

-- One argument more: CREATE OR REPLACE would make a second function.
DROP FUNCTION IF EXISTS frontdesk.calendar_follow_up(frontdesk.orgs, frontdesk.appointments, text, text);

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['erasure_salts', 'erased_people', 'twilio_deletions', 'retention_days'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
    -- dispatch finds the clinics with something to forget, to tell or to delete; what it does, it does as that clinic.
    FOREACH v_table IN ARRAY ARRAY['events', 'follow_ups', 'retention_days'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I FOR SELECT USING (current_setting(''app.scope'', true) = ''dispatch'')',
                       v_table || '_dispatch', v_table);
    END LOOP;
    EXECUTE 'CREATE POLICY twilio_deletions_dispatch ON frontdesk.twilio_deletions USING (current_setting(''app.scope'', true) = ''dispatch'')
             WITH CHECK (current_setting(''app.scope'', true) = ''dispatch'')';
END $$;
