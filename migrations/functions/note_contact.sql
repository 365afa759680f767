-- Keep what staff note about a person. Outcomes: noted (with the note), not_found, invalid, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.note_contact(
    p_org_id          uuid,
    p_contact_id      uuid,
    p_staff_id        uuid,
    p_body            text,
    p_idempotency_key text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_hash   text := md5(jsonb_build_array('note', p_contact_id, p_body)::text);
    v_answer jsonb;
    v_note   contact_notes;
BEGIN
    PERFORM act_for(p_org_id);
    v_answer := stored_answer(p_org_id, p_idempotency_key, v_hash);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    IF NOT EXISTS (SELECT FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id) THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    BEGIN
        INSERT INTO contact_notes (org_id, id, contact_id, staff_id, body)
        VALUES (p_org_id, new_id(), p_contact_id, p_staff_id, btrim(p_body))
        RETURNING * INTO v_note;
    EXCEPTION WHEN check_violation OR not_null_violation THEN
        RETURN invalid_answer('contact_notes_body_is_short', p_field => 'body');
    END;
    v_answer := jsonb_build_object('outcome', 'noted', 'note', note_json(v_note));
    PERFORM keep_answer(p_org_id, p_idempotency_key, v_hash, v_answer);
    RETURN v_answer || jsonb_build_object('outbox', record_change(
        p_org_id, 'contact.noted', NULL, NULL, p_contact_id, 1, NULL, 'staff:' || p_staff_id,
        jsonb_build_object('note_id', v_note.id), '{notify}'));
END
$$;
