-- Note that somebody called back and nobody answered; the patient is told by text (follow_up_missed). Outcomes:
-- noted, not_found, version_conflict and not_open (with the row now).
CREATE OR REPLACE FUNCTION frontdesk.miss_follow_up(p_org_id uuid, p_follow_up_id uuid, p_version integer, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_row    follow_ups;
    v_answer jsonb;
    v_noted  jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    v_answer := hold_follow_up(p_org_id, p_follow_up_id, p_version);
    IF v_answer IS NOT NULL THEN
        RETURN v_answer;
    END IF;
    UPDATE follow_ups f SET version = f.version + 1 WHERE f.org_id = p_org_id AND f.id = p_follow_up_id;
    v_noted := follow_up_missed(p_org_id, p_follow_up_id, p_actor);
    SELECT * INTO v_row FROM follow_ups f WHERE f.org_id = p_org_id AND f.id = p_follow_up_id;
    RETURN v_noted || jsonb_build_object('follow_up', follow_up_json(v_row));
END
$$;
