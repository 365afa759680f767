-- The coming appointments a caller may hear of or change: those of the number they call from, and only with a
-- second factor, the patient's name or the confirmation code. Counts every miss, per call and per number, and
-- refuses to look any more after 5 in a call or 10 in a day for a number: ten thousand codes are not
-- guessable then. A number that is not a patient's is answered exactly like a wrong name.
--
-- o_outcome: ok, not_found, not_verified (no number, or too many misses), missing_info (no second factor).
-- A visit that this very call cancelled is included, so that a repeated cancel finds what it did.
CREATE OR REPLACE FUNCTION frontdesk.verified_appointments(
    p_org_id  uuid,
    p_phone   text,
    p_name    text,
    p_code    text,
    p_call_id text,
    OUT o_outcome text,
    OUT o_ids     uuid[]
)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_subjects text[] := array_remove(ARRAY['call:' || left(p_call_id, 180), 'phone:' || p_phone], NULL);
    v_name_key text := nullif(frontdesk.name_key(p_name), '');
    v_code     text := nullif(regexp_replace(p_code, '[^0-9]', '', 'g'), '');
BEGIN
    IF p_phone IS NULL THEN
        o_outcome := 'not_verified';
        RETURN;
    END IF;
    -- One guess at a time for a number, or guesses sent side by side would all be let through before the first
    -- is counted. Always the first lock a transaction takes, so it stands outside lock_schedule's order.
    PERFORM pg_advisory_xact_lock(hashtextextended('verify:v1:' || p_org_id || ':' || p_phone, 0));
    IF EXISTS (
        SELECT FROM frontdesk.verification_failures f
        WHERE f.org_id = p_org_id AND f.subject = ANY (v_subjects) AND f.since > now() - interval '1 day'
          AND f.failures >= CASE WHEN f.subject LIKE 'call:%' THEN 5 ELSE 10 END) THEN
        o_outcome := 'not_verified';
        RETURN;
    END IF;
    IF v_name_key IS NULL AND v_code IS NULL THEN
        o_outcome := 'missing_info';
        RETURN;
    END IF;

    SELECT array_agg(a.id ORDER BY a.starts_at, a.id) INTO o_ids
    FROM frontdesk.contacts c
    JOIN frontdesk.appointments a ON a.org_id = c.org_id AND a.contact_id = c.id
    WHERE c.org_id = p_org_id AND c.phone = p_phone
      AND a.starts_at > now()
      AND (a.status IN ('pending', 'confirmed', 'arrived') OR (a.status = 'cancelled' AND a.last_call_id = p_call_id))
      -- A code, when given, must be right; a right code says more than a misheard name.
      AND CASE WHEN v_code IS NOT NULL THEN a.confirmation_code = v_code
               ELSE v_name_key IN (frontdesk.name_key(a.patient_name), frontdesk.name_key(c.name)) END;
    IF o_ids IS NOT NULL THEN
        o_outcome := 'ok';
        RETURN;
    END IF;

    o_outcome := 'not_found';
    INSERT INTO frontdesk.verification_failures AS f (org_id, subject)
    SELECT p_org_id, subject FROM unnest(v_subjects) AS subject ORDER BY subject
    ON CONFLICT (org_id, subject) DO UPDATE
        SET failures = CASE WHEN f.since > now() - interval '1 day' THEN f.failures + 1 ELSE 1 END,
            since = CASE WHEN f.since > now() - interval '1 day' THEN f.since ELSE now() END;
END
$$;
