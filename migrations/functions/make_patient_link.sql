-- Keep the hash of a new token for a visit's own page, and forget the links of visits that are long over.
-- Outcomes: made (also when it already was), not_found.
--
-- Older links of the visit go on working: they stand in texts the patient may open as well.
CREATE OR REPLACE FUNCTION frontdesk.make_patient_link(
    p_org_id         uuid,
    p_appointment_id uuid,
    p_token_hash     text    -- SHA-256, hex
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_ends_at timestamptz;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT a.ends_at INTO v_ends_at FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    -- Visits that were moved meanwhile keep theirs.
    UPDATE patient_links l SET sweep_at = a.ends_at + interval '8 days'
    FROM appointments a
    WHERE l.org_id = p_org_id AND l.sweep_at < now()
      AND a.org_id = p_org_id AND a.id = l.appointment_id AND a.ends_at > now() - interval '7 days';
    DELETE FROM patient_links l WHERE l.org_id = p_org_id AND l.sweep_at < now();
    INSERT INTO patient_links (org_id, token_hash, appointment_id, sweep_at)
    VALUES (p_org_id, p_token_hash, p_appointment_id, greatest(v_ends_at, now()) + interval '8 days')
    ON CONFLICT DO NOTHING;
    RETURN '{"outcome": "made"}';
END
$$;
