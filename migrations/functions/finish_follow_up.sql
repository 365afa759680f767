-- Mark a follow-up as done, with what came of it in a few words. Outcomes: done, not_found, version_conflict and
-- not_open (with the row now), invalid.
CREATE OR REPLACE FUNCTION frontdesk.finish_follow_up(
    p_org_id       uuid,
    p_follow_up_id uuid,
    p_version      integer,
    p_outcome      text,
    p_actor        text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_row    follow_ups;
    v_answer jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_row FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = p_follow_up_id AND f.status = 'done'
        AND f.done_by = p_actor AND f.outcome IS NOT DISTINCT FROM nullif(btrim(p_outcome), '');
    IF FOUND THEN   -- a second click
        RETURN jsonb_build_object('outcome', 'done', 'follow_up', follow_up_json(v_row), 'outbox', '[]'::jsonb);
    END IF;
    v_answer := hold_follow_up(p_org_id, p_follow_up_id, p_version);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    BEGIN
        UPDATE follow_ups f
        SET status = 'done', done_at = now(), done_by = p_actor, outcome = nullif(btrim(p_outcome), ''), snoozed_until = NULL, version = f.version + 1
        WHERE f.org_id = p_org_id AND f.id = p_follow_up_id
        RETURNING f.* INTO v_row;
    EXCEPTION WHEN check_violation THEN
        RETURN invalid_answer('follow_ups_outcome_is_short', p_field => 'outcome');
    END;
    RETURN follow_up_changed(v_row, 'done', 'follow_up.done', p_actor, '{}');
END
$$;
