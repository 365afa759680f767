-- Assign a follow-up, put it off, or move the time it is due; only what is given changes, null clears assignee and
-- snooze. Outcomes: changed (also where it is so already, whatever the version), not_found, version_conflict and
-- not_open (with the row now), unknown_staff, invalid.
CREATE OR REPLACE FUNCTION frontdesk.change_follow_up(
    p_org_id       uuid,
    p_follow_up_id uuid,
    p_version      integer,
    p_changes      jsonb,      -- assignee_id, snoozed_until, due_at, urgency
    p_actor        text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field  text := unknown_field(p_changes, '{assignee_id,snoozed_until,due_at,urgency}');
    v_before follow_ups;
    v_row    follow_ups;
    v_answer jsonb;
    v_rule   text;
    v_name   text;
BEGIN
    PERFORM act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    END IF;
    SELECT * INTO v_before FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = p_follow_up_id FOR NO KEY UPDATE;
    BEGIN
        v_row := jsonb_populate_record(v_before, p_changes);
        IF v_before.status = 'open' AND v_row IS NOT DISTINCT FROM v_before THEN   -- a second click
            RETURN jsonb_build_object('outcome', 'changed', 'follow_up', follow_up_json(v_row), 'outbox', '[]'::jsonb);
        END IF;
        v_answer := hold_follow_up(p_org_id, p_follow_up_id, p_version);
        IF v_answer IS NOT NULL THEN
            RETURN v_answer;
        END IF;
        IF p_changes ? 'assignee_id' AND NOT is_staff(p_org_id, v_row.assignee_id) THEN
            RETURN '{"outcome": "unknown_staff"}';
        END IF;
        UPDATE follow_ups f
        SET assignee_id = v_row.assignee_id, snoozed_until = v_row.snoozed_until, due_at = v_row.due_at, urgency = v_row.urgency,
            version = f.version + 1
        WHERE f.org_id = p_org_id AND f.id = p_follow_up_id
        RETURNING f.* INTO v_row;
    EXCEPTION WHEN check_violation OR not_null_violation OR data_exception THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME, v_name = COLUMN_NAME;
        RETURN invalid_answer(v_rule, p_field => v_name);
    END;
    RETURN follow_up_changed(v_row, 'changed', 'follow_up.changed', p_actor, p_changes);
END
$$;
