-- What a person must do next, and how often a caller guessed.

CREATE TABLE frontdesk.follow_ups (
    org_id         uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id             uuid NOT NULL,
    contact_id     uuid,                      -- null: the caller is not a contact yet
    phone          frontdesk.phone_number,
    caller_name    text CONSTRAINT follow_ups_name_is_short CHECK (length(caller_name) BETWEEN 1 AND 120),
    message        text NOT NULL CONSTRAINT follow_ups_message_is_short CHECK (length(message) BETWEEN 1 AND 2000),
    urgency        text NOT NULL DEFAULT 'routine'
                   CONSTRAINT follow_ups_urgency_known CHECK (urgency IN ('routine', 'same_day', 'urgent')),
    preferred_time text CONSTRAINT follow_ups_preferred_time_is_short CHECK (length(preferred_time) <= 200),   -- the caller's words
    due_at         timestamptz NOT NULL,
    status         text NOT NULL DEFAULT 'open' CONSTRAINT follow_ups_status_known CHECK (status IN ('open', 'done')),
    source         text NOT NULL DEFAULT 'voice',
    call_id        text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, contact_id) REFERENCES frontdesk.contacts (org_id, id)
);
CREATE INDEX follow_ups_open_by_due_time ON frontdesk.follow_ups (org_id, due_at) WHERE status = 'open';

-- Wrong names and codes, per call and per calling number: four digits must not be guessable in a loop.
CREATE TABLE frontdesk.verification_failures (
    org_id     uuid NOT NULL REFERENCES frontdesk.orgs (id),
    subject    text NOT NULL CONSTRAINT verification_failures_subject_is_short CHECK (length(subject) <= 200),   -- 'call:<id>' or 'phone:<E.164>'
    since      timestamptz NOT NULL DEFAULT now(),   -- counting starts anew a day later
    failures   integer NOT NULL DEFAULT 1,
    PRIMARY KEY (org_id, subject)
);

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['follow_ups', 'verification_failures'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
END $$;
