-- Who called, what was said, what came of it; callers who did not book; what a conversation told about a person.

CREATE TABLE frontdesk.calls (
    org_id           uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id               uuid NOT NULL,
    vapi_call_id     text NOT NULL CONSTRAINT calls_vapi_id_is_short CHECK (length(vapi_call_id) BETWEEN 1 AND 120),
    -- Only ever forward: ringing, in_progress, forwarding, ended (record_call).
    state            text NOT NULL DEFAULT 'ringing'
                     CONSTRAINT calls_state_known CHECK (state IN ('ringing', 'in_progress', 'forwarding', 'ended')),
    direction        text NOT NULL DEFAULT 'inbound'
                     CONSTRAINT calls_direction_known CHECK (direction IN ('inbound', 'outbound', 'web')),
    phone            frontdesk.phone_number,    -- the other side's; null: withheld
    contact_id       uuid,
    lead_id          uuid,
    started_at       timestamptz NOT NULL DEFAULT now(),
    ended_at         timestamptz,
    duration_seconds numeric(10, 1) CONSTRAINT calls_duration_not_negative CHECK (duration_seconds >= 0),
    ended_reason     text CONSTRAINT calls_ended_reason_is_short CHECK (length(ended_reason) <= 200),   -- Vapi's, open text
    -- What came of it (call_outcome); null until it has ended.
    outcome          text CONSTRAINT calls_outcome_known CHECK (outcome IN (
                         'booked', 'rescheduled', 'cancelled', 'confirmed', 'transferred', 'message_taken', 'looked_up',
                         'no_booking', 'missed', 'failed')),
    intent           text,                      -- what the caller wanted, as the agent's analysis has it
    lost_reason      text,                      -- why there was no booking, likewise; a code
    summary          text CONSTRAINT calls_summary_is_short CHECK (length(summary) <= 4000),
    success          text CONSTRAINT calls_success_is_short CHECK (length(success) <= 200),
    recording_url    text CONSTRAINT calls_recording_is_a_link CHECK (recording_url ~ '^https://' AND length(recording_url) <= 1000),
    transferred_to   text CONSTRAINT calls_transferred_to_is_short CHECK (length(transferred_to) <= 120),
    cost             numeric(12, 4),            -- US dollars, as Vapi reckons
    reported_at      timestamptz,               -- when the end-of-call report came
    settled_at       timestamptz,               -- when lead and follow-up were decided (settle_call)
    -- Of each field: the stamp [rank, time in ms, md5] of what it was taken from. The greater stamp wins, whatever
    -- the order of arrival; that is all the ordering there is.
    heard            jsonb NOT NULL DEFAULT '{}',
    transcript_stamp jsonb,                     -- [rank, lines, md5] of the transcript that is stored; null: live lines only
    words            tsvector,                  -- of the whole transcript, for searching
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT calls_one_a_vapi_id UNIQUE (org_id, vapi_call_id)
);
CREATE INDEX calls_by_time ON frontdesk.calls (org_id, started_at, id);
CREATE INDEX calls_by_phone ON frontdesk.calls (org_id, phone, started_at) WHERE phone IS NOT NULL;
CREATE INDEX calls_by_contact ON frontdesk.calls (org_id, contact_id, started_at) WHERE contact_id IS NOT NULL;
CREATE INDEX calls_to_settle ON frontdesk.calls (updated_at) WHERE settled_at IS NULL;   -- dispatch

-- The transcript, line by line; a tool call with its answer is a line too.
CREATE TABLE frontdesk.call_messages (
    org_id       uuid NOT NULL,
    call_id      uuid NOT NULL,
    position     bigint NOT NULL,               -- the line's number; of live lines the time in ms
    role         text NOT NULL CONSTRAINT call_messages_role_known CHECK (role IN ('assistant', 'user', 'tool')),
    body         text NOT NULL CONSTRAINT call_messages_body_is_short CHECK (length(body) <= 4000),
    seconds      numeric(10, 2),                -- from the start of the call
    at           timestamptz,
    tool         text CONSTRAINT call_messages_tool_is_short CHECK (length(tool) <= 120),
    tool_call_id text CONSTRAINT call_messages_tool_call_id_is_short CHECK (length(tool_call_id) <= 120),
    outcome      text CONSTRAINT call_messages_outcome_is_short CHECK (length(outcome) <= 60),   -- of the tool call: our code
    PRIMARY KEY (org_id, call_id, position),
    FOREIGN KEY (org_id, call_id) REFERENCES frontdesk.calls (org_id, id) ON DELETE CASCADE
);

-- Somebody who called and has no appointment: one row a number.
CREATE TABLE frontdesk.leads (
    org_id         uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id             uuid NOT NULL,
    phone          frontdesk.phone_number NOT NULL,
    contact_id     uuid,
    name           text CONSTRAINT leads_name_is_short CHECK (length(name) <= 120),
    status         text NOT NULL DEFAULT 'new'
                   CONSTRAINT leads_status_known CHECK (status IN ('new', 'contacted', 'booked', 'lost', 'do_not_call')),
    reason         text NOT NULL,               -- why the last call did not book; a code (docs/calls.md)
    note           text CONSTRAINT leads_note_is_short CHECK (length(note) <= 2000),   -- staff's
    call_id        uuid NOT NULL,               -- the call that made it a lead, or made it one again
    appointment_id uuid,                        -- what was booked in the end
    version        integer NOT NULL DEFAULT 1,
    status_at      timestamptz NOT NULL DEFAULT now(),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT leads_one_a_number UNIQUE (org_id, phone),
    FOREIGN KEY (org_id, call_id) REFERENCES frontdesk.calls (org_id, id)
);
CREATE INDEX leads_by_time ON frontdesk.leads (org_id, status_at, id);

-- What was said about a person, each with where it comes from. Beside what staff entered, never over it.
CREATE TABLE frontdesk.contact_facts (
    org_id     uuid NOT NULL REFERENCES frontdesk.orgs (id),
    source     text NOT NULL CONSTRAINT contact_facts_source_known CHECK (source ~ '^(call:[0-9a-f-]{36}|staff:[0-9a-f-]{36}|agent)$'),
    field      text NOT NULL CONSTRAINT contact_facts_field_known CHECK (field IN (
                   'name', 'email', 'reason', 'preferred_times', 'language', 'new_patient')),
    value      text NOT NULL CONSTRAINT contact_facts_value_is_short CHECK (length(value) BETWEEN 1 AND 500),
    phone      frontdesk.phone_number,          -- whom it is about; a contact may come later
    contact_id uuid,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, source, field)
);
CREATE INDEX contact_facts_by_phone ON frontdesk.contact_facts (org_id, phone) WHERE phone IS NOT NULL;

-- Which rule made a follow-up ('call', 'transfer'); null: a person did, or the agent in a call.
ALTER TABLE frontdesk.follow_ups
    ADD COLUMN rule text;

-- What a call did: its appointments and follow-ups.
CREATE INDEX events_by_call ON frontdesk.events (org_id, call_id, seq) WHERE call_id IS NOT NULL;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['calls', 'call_messages', 'leads', 'contact_facts'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
    -- dispatch finds the calls of all clinics whose report never came; what it does with one it does as its clinic.
    EXECUTE 'CREATE POLICY calls_dispatch ON frontdesk.calls FOR SELECT USING (current_setting(''app.scope'', true) = ''dispatch'')';
END $$;
