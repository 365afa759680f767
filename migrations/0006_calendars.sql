-- Google Calendar: the clinic's connection, whose calendar is whose, what we wrote there and what we read there.

-- How much of a visit the provider's calendar shows: calendars are often shared with people who need not know.
ALTER TABLE frontdesk.orgs
    ADD COLUMN calendar_detail text NOT NULL DEFAULT 'initials'
        CONSTRAINT orgs_calendar_detail_known CHECK (calendar_detail IN ('code', 'initials', 'name'));

-- One Google account a clinic. Its tokens are sealed in credentials (purposes 'google' and 'google_access').
CREATE TABLE frontdesk.google_connections (
    org_id          uuid PRIMARY KEY REFERENCES frontdesk.orgs (id),
    status          text NOT NULL CONSTRAINT google_connections_status_known
                    CHECK (status IN ('connected', 'reconnect_required', 'disconnected')),
    account_email   text CONSTRAINT google_connections_email_is_short CHECK (length(account_email) <= 254),
    scopes          text[] NOT NULL DEFAULT '{}',
    reason          text,                       -- an error code: why it is not connected
    connected_by    uuid,                       -- staff
    connected_at    timestamptz,
    access_expires_at timestamptz,              -- of the access token sealed under 'google_access'
    refresh_lease   uuid,                       -- who refreshes now: one at a time
    refresh_lease_until timestamptz,
    -- Pacing: no call to Google for this clinic before then (a quota was hit).
    quiet_until     timestamptz,
    changed_at      timestamptz NOT NULL DEFAULT now()
);

-- A person on the way to Google and back: once, for ten minutes, in one browser.
CREATE TABLE frontdesk.oauth_states (
    org_id       uuid NOT NULL REFERENCES frontdesk.orgs (id),
    state_hash   text NOT NULL CONSTRAINT oauth_states_hash_unique UNIQUE,
    browser_hash text NOT NULL,                 -- of the cookie of the browser that set out
    verifier     text NOT NULL,                 -- PKCE, RFC 7636
    staff_id     uuid NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (org_id, state_hash)
);

CREATE TABLE frontdesk.calendars (
    org_id             uuid NOT NULL,
    id                 uuid NOT NULL,
    provider_id        uuid,                    -- null: nobody's any more, kept until our events are off it
    google_calendar_id text NOT NULL CONSTRAINT calendars_google_id_is_short CHECK (length(google_calendar_id) BETWEEN 1 AND 1024),
    summary            text NOT NULL DEFAULT '',
    time_zone          text,                    -- Google's: all-day events are days of this zone
    status             text NOT NULL DEFAULT 'syncing'
                       CONSTRAINT calendars_status_known CHECK (status IN ('syncing', 'live', 'gone', 'forbidden')),
    sync_token         text,                    -- null: the next sync is a full one
    synced_at          timestamptz,
    next_poll_at       timestamptz NOT NULL DEFAULT now(),
    compared_at        timestamptz,             -- the last nightly comparison
    sync_lease         uuid,                    -- one sync at a time
    sync_lease_until   timestamptz,
    pushes             bigint NOT NULL DEFAULT 0,   -- notifications so far; a sync that began before the last one is not the last
    last_error_code    text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT calendars_one_a_provider UNIQUE (org_id, provider_id),
    CONSTRAINT calendars_google_id_unique_in_org UNIQUE (org_id, google_calendar_id),
    FOREIGN KEY (org_id, provider_id) REFERENCES frontdesk.providers (org_id, id)
);
CREATE INDEX calendars_by_next_poll ON frontdesk.calendars (next_poll_at);

-- What we wrote: one row for an appointment in a calendar. A visit that moves to another provider has two,
-- the one it leaves being deleted.
CREATE TABLE frontdesk.calendar_events (
    org_id          uuid NOT NULL,
    appointment_id  uuid NOT NULL,
    calendar_id     uuid NOT NULL,
    generation      integer NOT NULL DEFAULT 1, -- a deleted event id stays taken: the next event has the next one
    google_event_id text NOT NULL,              -- made of appointment, Google's calendar id and generation (calendar_event_id)
    state           text NOT NULL DEFAULT 'wanted'
                    CONSTRAINT calendar_events_state_known CHECK (state IN ('wanted', 'live', 'deleted', 'failed')),
    etag            text,
    written_version integer,                    -- the appointment's version that Google has; null: not written yet
    written_starts_at timestamptz,
    written_ends_at timestamptz,
    writes          integer NOT NULL DEFAULT 0,
    attempts        integer NOT NULL DEFAULT 0,
    last_error_code text,
    lease           uuid,                       -- one writer at a time
    lease_until     timestamptz,
    next_at         timestamptz,                -- to be tried again then (dispatch); null: nothing open
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, appointment_id, calendar_id),
    CONSTRAINT calendar_events_google_id_unique UNIQUE (org_id, calendar_id, google_event_id),
    FOREIGN KEY (org_id, appointment_id) REFERENCES frontdesk.appointments (org_id, id),
    FOREIGN KEY (org_id, calendar_id) REFERENCES frontdesk.calendars (org_id, id) ON DELETE CASCADE
);
CREATE INDEX calendar_events_to_try_again ON frontdesk.calendar_events (next_at) WHERE next_at IS NOT NULL;

-- A block that came from a calendar goes with it, and is known by Google's id.
ALTER TABLE frontdesk.busy_blocks
    ADD COLUMN calendar_id uuid,
    ADD CONSTRAINT busy_blocks_external_id_unique UNIQUE (org_id, calendar_id, external_id),
    ADD FOREIGN KEY (org_id, calendar_id) REFERENCES frontdesk.calendars (org_id, id) ON DELETE CASCADE;

CREATE TABLE frontdesk.watch_channels (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL CONSTRAINT watch_channels_id_unique UNIQUE,   -- what Google knows it by
    calendar_id uuid NOT NULL,
    token_hash  text NOT NULL,                  -- SHA-256, hex
    resource_id text,                           -- null: Google has not answered yet
    state       text NOT NULL DEFAULT 'pending'
                CONSTRAINT watch_channels_state_known CHECK (state IN ('pending', 'active', 'stopping', 'stopped')),
    expires_at  timestamptz,
    renew_at    timestamptz,                    -- half of its life
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, calendar_id) REFERENCES frontdesk.calendars (org_id, id) ON DELETE CASCADE
);
CREATE INDEX watch_channels_by_calendar ON frontdesk.watch_channels (org_id, calendar_id);
CREATE INDEX watch_channels_to_renew ON frontdesk.watch_channels (renew_at) WHERE state = 'active';

DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['google_connections', 'oauth_states', 'calendars', 'calendar_events', 'watch_channels'] LOOP
        EXECUTE format('ALTER TABLE frontdesk.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
        EXECUTE format(
            'CREATE POLICY %I ON frontdesk.%I USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)
             WITH CHECK (org_id = nullif(current_setting(''app.org_id'', true), '''')::uuid)', v_table || '_own_org', v_table);
    END LOOP;
    -- dispatch looks for calendars to poll, events to try again, channels to renew, of all clinics at once.
    FOREACH v_table IN ARRAY ARRAY['google_connections', 'calendars', 'calendar_events', 'watch_channels'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I USING (current_setting(''app.scope'', true) = ''dispatch'')
                        WITH CHECK (current_setting(''app.scope'', true) = ''dispatch'')', v_table || '_dispatch', v_table);
    END LOOP;
    -- Google's answer and its notifications name a state or a channel, not a clinic.
    FOREACH v_table IN ARRAY ARRAY['oauth_states', 'watch_channels'] LOOP
        EXECUTE format('CREATE POLICY %I ON frontdesk.%I FOR SELECT USING (current_setting(''app.scope'', true) = ''routing'')',
                       v_table || '_routing', v_table);
    END LOOP;
END $$;
