-- Texts to patients and from them, what a clinic decides about them, and the secrets of its other services.

-- Another result type (the ids with their queues), and CREATE OR REPLACE cannot change one.
DROP FUNCTION IF EXISTS frontdesk.record_change(uuid, text, uuid, uuid, uuid, integer, text, text, jsonb, text[]);

ALTER TABLE frontdesk.orgs
    ADD COLUMN sms_sender        text           -- a number, or a Twilio messaging service; null: this clinic sends no texts
        CONSTRAINT orgs_sms_sender_is_number_or_service CHECK (sms_sender ~ '^(\+[1-9][0-9]{6,14}|MG[0-9a-f]{32})$'),
    ADD COLUMN front_desk_phone  frontdesk.phone_number,   -- what texts tell patients to call
    ADD COLUMN reminder_minutes  integer[] NOT NULL DEFAULT '{1440,120}'   -- before the visit
        CONSTRAINT orgs_reminders_between_30_minutes_and_14_days
        CHECK (cardinality(reminder_minutes) <= 5 AND array_position(reminder_minutes, NULL) IS NULL
               AND 30 <= ALL (reminder_minutes) AND 20160 >= ALL (reminder_minutes)),
    ADD COLUMN quiet_from        time NOT NULL DEFAULT '20:00',            -- no reminders from here on, clinic's clock
    ADD COLUMN quiet_until       time NOT NULL DEFAULT '08:00',
    ADD COLUMN sms_paused_reason text,          -- an error code; null: running
    ADD COLUMN sms_paused_at     timestamptz,
    -- A reminder that would fall into the quiet hours needs an hour of daylight before them.
    ADD CONSTRAINT orgs_four_hours_are_not_quiet CHECK (
        CASE WHEN quiet_from > quiet_until THEN quiet_from - quiet_until >= interval '4 hours'
             ELSE quiet_until - quiet_from <= interval '20 hours' END),
    -- The number that was texted tells the clinic (sms_routing).
    ADD CONSTRAINT orgs_sms_sender_unique UNIQUE (sms_sender);

-- A text or a reminder is about a time: it is out of date when the time changed, not when the visit was confirmed.
ALTER TABLE frontdesk.appointments
    ADD COLUMN time_version integer NOT NULL DEFAULT 1,             -- the version that set starts_at and the provider
    ADD COLUMN time_set_at  timestamptz NOT NULL DEFAULT now();

ALTER TABLE frontdesk.follow_ups
    ADD COLUMN missed_calls integer NOT NULL DEFAULT 0;             -- times nobody answered when we called back

-- A clinic's own wording; what has no row is worded by functions/sms_worker/texts.py.
CREATE TABLE frontdesk.sms_templates (
    org_id     uuid NOT NULL REFERENCES frontdesk.orgs (id),
    event      text NOT NULL CONSTRAINT sms_templates_event_known CHECK (event IN (
                   'booked', 'rescheduled', 'cancelled', 'reminder', 'follow_up_missed',
                   'confirmed', 'nothing_to_confirm', 'help', 'reschedule', 'stopped', 'started')),
    language   text NOT NULL CONSTRAINT sms_templates_language_is_iso_639 CHECK (language ~ '^[a-z]{2}$'),
    body       text NOT NULL CONSTRAINT sms_templates_body_fits_a_text CHECK (btrim(body) <> '' AND length(body) <= 1600),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, event, language)
);

-- One row a text, never two for one thing to be told (dedupe_key). States and who moves them: docs/state-machines.md.
CREATE TABLE frontdesk.sms_messages (
    org_id         uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id             uuid NOT NULL,
    direction      text NOT NULL CONSTRAINT sms_messages_direction_known CHECK (direction IN ('out', 'in')),
    kind           text NOT NULL,               -- the template's event; 'reply' for what patients write
    appointment_id uuid,
    follow_up_id   uuid,
    contact_id     uuid,
    version        integer NOT NULL DEFAULT 1,  -- of the appointment, when there was something to tell
    dedupe_key     text NOT NULL,
    phone          frontdesk.phone_number NOT NULL,   -- the patient's
    sender         text,                        -- ours; for a reply the number that was texted
    language       text NOT NULL,
    body           text CONSTRAINT sms_messages_body_is_short CHECK (length(body) <= 1600),   -- null: not worded yet, or forgotten
    segments       smallint,
    state          text NOT NULL CONSTRAINT sms_messages_state_known CHECK (state IN (
                       'queued', 'claimed', 'unknown', 'retry', 'accepted', 'sent', 'delivered',
                       'undelivered', 'failed', 'cancelled', 'expired', 'suppressed', 'received')),
    -- How far Twilio says this attempt got (sms_status_rank); it only rises, a new claim starts again at 0.
    rank           smallint NOT NULL DEFAULT 0,
    attempt        integer NOT NULL DEFAULT 0,
    resends        smallint NOT NULL DEFAULT 0, -- attempts made although an earlier one may have reached Twilio
    looks          smallint NOT NULL DEFAULT 0, -- times Twilio's list did not have an unknown attempt
    looked_at      timestamptz,                 -- the first of them
    claimed_at     timestamptz,
    next_at        timestamptz NOT NULL,        -- not to be tried before
    sweep_at       timestamptz,                 -- when dispatch puts it on the queue again, if it has not ended; null: never
    valid_until    timestamptz NOT NULL,        -- useless after
    twilio_sid     text,
    error_code     text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT sms_messages_tell_a_thing_once UNIQUE (org_id, dedupe_key)
);
CREATE UNIQUE INDEX sms_messages_sid_unique ON frontdesk.sms_messages (org_id, twilio_sid) WHERE twilio_sid IS NOT NULL;
-- Also those Twilio has and has not told the end of, until they are given up: a callback may be lost.
CREATE INDEX sms_messages_open ON frontdesk.sms_messages (sweep_at)
    WHERE sweep_at IS NOT NULL AND state IN ('queued', 'claimed', 'unknown', 'retry', 'accepted', 'sent');
CREATE INDEX sms_messages_by_phone ON frontdesk.sms_messages (org_id, phone, created_at);
CREATE INDEX sms_messages_to_forget ON frontdesk.sms_messages (created_at) WHERE body IS NOT NULL;

-- Every status Twilio reported, as it came: never changed, never deleted by a repetition.
CREATE TABLE frontdesk.sms_status_log (
    org_id     uuid NOT NULL,
    twilio_sid text NOT NULL,
    status     text NOT NULL,
    error_code text NOT NULL DEFAULT '',
    message_id uuid NOT NULL,
    attempt    integer,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, twilio_sid, status, error_code)
);

CREATE TABLE frontdesk.sms_opt_outs (
    org_id uuid NOT NULL REFERENCES frontdesk.orgs (id),
    phone  frontdesk.phone_number NOT NULL,
    at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, phone)
);

-- Webhooks that were answered, with the answer: a repetition gets it again and changes nothing.
CREATE TABLE frontdesk.webhook_seen (
    org_id     uuid NOT NULL,
    source     text NOT NULL,
    id         text NOT NULL CONSTRAINT webhook_seen_id_is_short CHECK (length(id) BETWEEN 1 AND 255),
    answer     jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, source, id)
);
CREATE INDEX webhook_seen_by_age ON frontdesk.webhook_seen USING brin (created_at) WITH (autosummarize = on);

-- Sealed by frontdesk.credentials (KMS data key, AES-256-GCM): nothing in here can be read without the key.
CREATE TABLE frontdesk.credentials (
    org_id      uuid NOT NULL REFERENCES frontdesk.orgs (id),
    purpose     text NOT NULL CONSTRAINT credentials_purpose_is_a_word CHECK (purpose ~ '^[a-z][a-z0-9_]{0,39}$'),
    version     integer NOT NULL CONSTRAINT credentials_version_positive CHECK (version > 0),
    key_id      text NOT NULL,
    wrapped_key bytea NOT NULL,
    nonce       bytea NOT NULL CONSTRAINT credentials_nonce_is_96_bits CHECK (octet_length(nonce) = 12),
    ciphertext  bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    retired_at  timestamptz,                    -- still accepted until then, to verify what was signed before
    PRIMARY KEY (org_id, purpose, version)
);

-- By org, so that claim_outbox can give each its share; without next_at, so that claiming moves no index entry.
DROP INDEX frontdesk.outbox_unsent;
CREATE INDEX outbox_unsent ON frontdesk.outbox (org_id, created_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX outbox_by_age ON frontdesk.outbox USING brin (created_at) WITH (autosummarize = on);
CREATE INDEX outbox_dead ON frontdesk.outbox (dead_at) WHERE dead_at IS NOT NULL;
ALTER TABLE frontdesk.outbox SET (fillfactor = 50);   -- each row is updated twice soon after it was written

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['sms_templates', 'sms_messages', 'sms_status_log', 'sms_opt_outs', 'webhook_seen', 'credentials'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
    -- dispatch works for all clinics at once: its functions set the scope, and only they. It writes where it must
    -- (rows to claim, texts to queue, what is too old) and else only reads.
    FOREACH v_table IN ARRAY ARRAY['outbox', 'sms_messages', 'idempotency_keys', 'webhook_seen'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I USING (current_setting(''app.scope'', true) = ''dispatch'')
                        WITH CHECK (current_setting(''app.scope'', true) = ''dispatch'')', v_table || '_dispatch', v_table);
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY['providers', 'appointments', 'contacts', 'sms_opt_outs'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I FOR SELECT USING (current_setting(''app.scope'', true) = ''dispatch'')',
                       v_table || '_dispatch', v_table);
    END LOOP;
END $$;

-- Which clinics there are: for dispatch, for a text that names only our number, for the operator's list.
CREATE POLICY orgs_across ON frontdesk.orgs FOR SELECT
    USING (current_setting('app.scope', true) IN ('dispatch', 'routing', 'operator'));
