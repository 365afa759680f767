-- Lock a follow-up for a change by somebody who saw this version of it. Null, or why it cannot be changed: not_found,
-- version_conflict, not_open (the latter two with the row as it is now).
CREATE OR REPLACE FUNCTION frontdesk.hold_follow_up(p_org_id uuid, p_follow_up_id uuid, p_version integer) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_row frontdesk.follow_ups;
BEGIN
    SELECT * INTO v_row FROM frontdesk.follow_ups f WHERE f.org_id = p_org_id AND f.id = p_follow_up_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF p_version IS DISTINCT FROM v_row.version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'follow_up', frontdesk.follow_up_json(v_row));
    ELSIF v_row.status <> 'open' THEN
        RETURN jsonb_build_object('outcome', 'not_open', 'follow_up', frontdesk.follow_up_json(v_row));
    END IF;
    RETURN NULL;
END
$$;
