-- What the staff's board looks for and edits: people by a piece of their name or number, lists in time order,
-- and settings two people may have open at once.

-- What a name is found by: a blank before every word, so that ' dan' finds Dana and not Jordan. The same expression
-- as frontdesk.search_key, written out because functions come after tables (a test compares the two).
-- A column of its own because row level security keeps such expressions out of index conditions and index-only
-- scans alike, unless what is compared is a plain column.
ALTER TABLE frontdesk.contacts
    ADD COLUMN search_name text GENERATED ALWAYS AS (
        ' ' || btrim(regexp_replace(
            replace(replace(replace(translate(
                lower(regexp_replace(normalize(name::text, NFKD), '[\u0300-\u036f''’ʼ`]', '', 'g')),
                'øłđðı', 'olddi'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'),
            '[[:punct:][:space:]]+', ' ', 'g'))) STORED;
-- Holds all that a search looks at and in the order it is listed, so that a hundred thousand people are searched
-- without reading one row of the table.
CREATE INDEX contacts_by_name ON frontdesk.contacts (org_id, search_name, id) INCLUDE (phone);

-- A person's visits, past ones too; it also serves what the index of the live ones served.
CREATE INDEX appointments_by_contact ON frontdesk.appointments (org_id, contact_id, starts_at);
DROP INDEX frontdesk.appointments_live_by_contact;

CREATE INDEX sms_messages_by_time ON frontdesk.sms_messages (org_id, direction, created_at, id);
CREATE INDEX follow_ups_done_by_time ON frontdesk.follow_ups (org_id, done_at, id) WHERE status = 'done';
CREATE INDEX follow_ups_by_phone_and_time ON frontdesk.follow_ups (org_id, phone, created_at);

-- Raised by every change on the board, so that the second of two people is told.
ALTER TABLE frontdesk.orgs
    ADD COLUMN settings_version integer NOT NULL DEFAULT 1;
ALTER TABLE frontdesk.providers
    ADD COLUMN version integer NOT NULL DEFAULT 1;   -- of the provider with what they offer and their hours
ALTER TABLE frontdesk.services
    ADD COLUMN version integer NOT NULL DEFAULT 1;
