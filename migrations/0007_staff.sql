-- Who works at the clinic's front desk, the boards they have open, and what they note.

CREATE TABLE frontdesk.staff (
    org_id       uuid NOT NULL REFERENCES frontdesk.orgs (id),
    id           uuid NOT NULL,
    email        frontdesk.email_address NOT NULL,   -- invited by it; the first sign-in with it verified binds the subject
    name         frontdesk.person_name NOT NULL,
    role         text NOT NULL CONSTRAINT staff_role_known CHECK (role IN ('reader', 'staff', 'admin')),
    issuer       text,                          -- of the sign-in (OIDC), with its name for the person
    subject      text,
    last_seen_at timestamptz,
    revoked_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT staff_email_unique_in_org UNIQUE (org_id, email),
    CONSTRAINT staff_subject_unique_in_org UNIQUE (org_id, issuer, subject)
);
CREATE INDEX staff_by_subject ON frontdesk.staff (issuer, subject) WHERE subject IS NOT NULL;
CREATE INDEX staff_by_email ON frontdesk.staff (email);

-- A ticket opens one socket, once, within 30 seconds: a socket's address is the only thing a browser can send.
CREATE TABLE frontdesk.ws_tickets (
    org_id      uuid NOT NULL,
    ticket_hash text NOT NULL CONSTRAINT ws_tickets_hash_unique UNIQUE,   -- SHA-256, hex
    staff_id    uuid NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, ticket_hash),
    FOREIGN KEY (org_id, staff_id) REFERENCES frontdesk.staff (org_id, id)
);
CREATE INDEX ws_tickets_by_expiry ON frontdesk.ws_tickets (expires_at);

CREATE TABLE frontdesk.connections (
    org_id        uuid NOT NULL,
    connection_id text NOT NULL CONSTRAINT connections_id_unique UNIQUE,   -- API Gateway's
    staff_id      uuid NOT NULL,
    connected_at  timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    greeted_at    timestamptz,                  -- of its hello; nothing is pushed before
    expires_at    timestamptz NOT NULL,         -- API Gateway ends a connection after two hours
    PRIMARY KEY (org_id, connection_id),
    FOREIGN KEY (org_id, staff_id) REFERENCES frontdesk.staff (org_id, id)
);
CREATE INDEX connections_by_expiry ON frontdesk.connections (expires_at);

-- What staff write about a person; never shown to patients.
CREATE TABLE frontdesk.contact_notes (
    org_id     uuid NOT NULL,
    id         uuid NOT NULL,
    contact_id uuid NOT NULL,
    staff_id   uuid NOT NULL,
    body       text NOT NULL CONSTRAINT contact_notes_body_is_short CHECK (btrim(body) <> '' AND length(body) <= 4000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, contact_id) REFERENCES frontdesk.contacts (org_id, id),
    FOREIGN KEY (org_id, staff_id) REFERENCES frontdesk.staff (org_id, id)
);
CREATE INDEX contact_notes_by_contact ON frontdesk.contact_notes (org_id, contact_id, created_at);

ALTER TABLE frontdesk.contacts
    ADD COLUMN version integer NOT NULL DEFAULT 1;

-- Work on a follow-up: who has it, when to look again, who did it.
ALTER TABLE frontdesk.follow_ups
    ADD COLUMN version       integer NOT NULL DEFAULT 1,
    ADD COLUMN assignee_id   uuid,              -- staff
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN done_at       timestamptz,
    ADD COLUMN done_by       text,              -- an event's actor
    ADD COLUMN outcome       text CONSTRAINT follow_ups_outcome_is_short CHECK (length(outcome) <= 500);

-- A contact's story, an appointment's story: read from the events.
CREATE INDEX events_by_contact ON frontdesk.events (org_id, contact_id, seq) WHERE contact_id IS NOT NULL;
CREATE INDEX events_by_appointment ON frontdesk.events (org_id, appointment_id, seq) WHERE appointment_id IS NOT NULL;
-- The board's day, all providers together.
CREATE INDEX appointments_by_time ON frontdesk.appointments (org_id, starts_at, id);
CREATE INDEX sms_messages_by_appointment ON frontdesk.sms_messages (org_id, appointment_id, created_at) WHERE appointment_id IS NOT NULL;

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['staff', 'ws_tickets', 'connections', 'contact_notes'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
    -- A sign-in, a ticket and a connection come before the clinic is known.
    FOREACH v_table IN ARRAY ARRAY['staff', 'ws_tickets', 'connections'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I FOR SELECT USING (current_setting(''app.scope'', true) = ''routing'')',
                       v_table || '_routing', v_table);
    END LOOP;
    FOREACH v_table IN ARRAY ARRAY['ws_tickets', 'connections', 'oauth_states'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I USING (current_setting(''app.scope'', true) = ''dispatch'')
                        WITH CHECK (current_setting(''app.scope'', true) = ''dispatch'')', v_table || '_dispatch', v_table);
    END LOOP;
    EXECUTE 'CREATE POLICY staff_dispatch ON frontdesk.staff FOR SELECT USING (current_setting(''app.scope'', true) = ''dispatch'')';
END $$;
