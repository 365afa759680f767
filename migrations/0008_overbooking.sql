-- Staff may overbook: both functions take a reason for it as one more argument. CREATE OR REPLACE would make a second
-- function of another argument list, so the old ones go first.
DROP FUNCTION IF EXISTS frontdesk.book_appointment_atomic(
    uuid, text, text, text, text, timestamptz, integer, text, text, text, text, text, text, text, text, date, boolean);
DROP FUNCTION IF EXISTS frontdesk.reschedule_appointment_atomic(
    uuid, timestamptz, uuid, text, text, text, text, integer, text, text, text, text, text, text);
