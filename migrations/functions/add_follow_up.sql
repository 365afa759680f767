-- Keep what somebody at the front desk wants done. Outcomes: created (with the follow-up), missing_info (with the
-- field), unknown_contact, unknown_staff, key_reused.
CREATE OR REPLACE FUNCTION frontdesk.add_follow_up(
    p_org_id          uuid,
    p_message         text,
    p_due_at          timestamptz,
    p_contact_id      uuid DEFAULT NULL,       -- about this person; their number and name are used
    p_phone           text DEFAULT NULL,
    p_caller_name     text DEFAULT NULL,
    p_urgency         text DEFAULT 'routine',
    p_preferred_time  text DEFAULT NULL,
    p_assignee_id     uuid DEFAULT NULL,
    p_actor           text DEFAULT NULL,
    p_idempotency_key text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_contact contacts;
    v_made    jsonb;
    v_row     follow_ups;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_contact_id IS NOT NULL THEN
        SELECT * INTO v_contact FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id;
        IF NOT FOUND THEN
            RETURN '{"outcome": "unknown_contact"}';
        END IF;
    END IF;
    IF NOT is_staff(p_org_id, p_assignee_id) THEN
        RETURN '{"outcome": "unknown_staff"}';
    END IF;
    v_made := create_follow_up(
        p_org_id, p_message, p_due_at, coalesce(v_contact.phone, p_phone), coalesce(p_caller_name, v_contact.name), p_urgency,
        p_preferred_time, p_idempotency_key => p_idempotency_key,
        -- Not of the due time: a repetition without one is due a little later, and still the same wish.
        p_request_hash => md5(jsonb_build_array('board', p_message, p_contact_id, p_phone, p_caller_name, p_urgency, p_preferred_time, p_assignee_id)::text),
        p_source => 'staff', p_actor => p_actor);
    IF v_made ->> 'outcome' <> 'message_taken' THEN
        RETURN v_made;
    END IF;
    IF v_made -> 'replayed' IS NULL THEN
        UPDATE follow_ups f SET assignee_id = p_assignee_id
        WHERE f.org_id = p_org_id AND f.id = (v_made ->> 'follow_up_id')::uuid AND p_assignee_id IS NOT NULL;
    END IF;
    SELECT * INTO v_row FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = (v_made ->> 'follow_up_id')::uuid;
    RETURN jsonb_build_object('outcome', 'created', 'follow_up', follow_up_json(v_row), 'outbox', coalesce(v_made -> 'outbox', '[]'),
                              'replayed', v_made -> 'replayed' IS NOT NULL);
END
$$;
