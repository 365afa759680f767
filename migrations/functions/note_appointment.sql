-- Replace what staff noted about a visit; blank clears it. Never shown to patients, and not written to calendars.
-- Outcomes: noted (also when it already said so), not_found, version_conflict; with the appointment.
CREATE OR REPLACE FUNCTION frontdesk.note_appointment(
    p_org_id           uuid,
    p_appointment_id   uuid,
    p_notes            text,
    p_expected_version integer,
    p_actor            text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_notes   text := nullif(btrim(p_notes), '');
    v_visit   appointments;
    v_outcome text := 'noted';
    v_outbox  jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    SELECT a.* INTO v_visit FROM appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF v_visit.notes::text IS NOT DISTINCT FROM v_notes THEN
        NULL;
    ELSIF p_expected_version <> v_visit.version THEN
        v_outcome := 'version_conflict';
    ELSE
        UPDATE appointments a SET notes = v_notes, version = a.version + 1, updated_at = now()
        WHERE a.org_id = p_org_id AND a.id = v_visit.id;
        -- What was noted is not in the event: events are pushed to every board and kept for good.
        v_outbox := record_change(
            p_org_id, 'appointment.noted', v_visit.id, NULL, v_visit.contact_id, v_visit.version + 1, NULL, p_actor,
            jsonb_build_object('provider_id', v_visit.provider_id), '{notify}');
    END IF;
    RETURN jsonb_build_object('outcome', v_outcome, 'outbox', v_outbox,
        'appointment', board_appointments(p_org_id, ARRAY[v_visit.id]) -> 0);
END
$$;
