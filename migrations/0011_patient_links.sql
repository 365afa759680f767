-- The addresses of patients' own pages: /a/{token}. The token is a key to one visit, so only its hash is kept.

CREATE TABLE frontdesk.patient_links (
    org_id         uuid NOT NULL,
    token_hash     text NOT NULL
                   CONSTRAINT patient_links_hash_unique UNIQUE
                   CONSTRAINT patient_links_hash_is_sha256 CHECK (token_hash ~ '^[0-9a-f]{64}$'),
    appointment_id uuid NOT NULL,
    revoked_at     timestamptz,
    -- How long it opens the page follows from the visit as it is now (patient_link), so a move needs no change here.
    -- This is when it may be looked at for deletion.
    sweep_at       timestamptz NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, appointment_id) REFERENCES frontdesk.appointments (org_id, id)
);
CREATE INDEX patient_links_by_appointment ON frontdesk.patient_links (org_id, appointment_id);
CREATE INDEX patient_links_to_sweep ON frontdesk.patient_links (org_id, sweep_at);

ALTER TABLE frontdesk.patient_links ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY patient_links_own_org ON frontdesk.patient_links
    USING (org_id = nullif(current_setting('app.org_id', true), '')::uuid)
    WITH CHECK (org_id = nullif(current_setting('app.org_id', true), '')::uuid);
-- The token comes before the clinic is known.
CREATE POLICY patient_links_routing ON frontdesk.patient_links FOR SELECT
    USING (current_setting('app.scope', true) = 'routing');

-- R is answered with the link. Where there is nothing to move, or nothing may be sent, somebody calls, as before.
ALTER TABLE frontdesk.sms_templates
    DROP CONSTRAINT sms_templates_event_known,
    ADD CONSTRAINT sms_templates_event_known CHECK (event IN (
        'booked', 'rescheduled', 'cancelled', 'reminder', 'follow_up_missed',
        'confirmed', 'nothing_to_confirm', 'help', 'reschedule', 'reschedule_link', 'stopped', 'started'));
