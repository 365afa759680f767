-- Announce what became of a follow-up, and answer with it. p_data holds ids, times and codes, nothing that was said.
CREATE OR REPLACE FUNCTION frontdesk.follow_up_changed(
    p_row     frontdesk.follow_ups,
    p_outcome text,
    p_type    text,
    p_actor   text,
    p_data    jsonb
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_told jsonb := frontdesk.follow_up_json(p_row);
BEGIN
    RETURN jsonb_build_object('outcome', p_outcome, 'follow_up', v_told, 'outbox', frontdesk.record_change(
        p_row.org_id, p_type, NULL, p_row.id, (v_told ->> 'contact_id')::uuid, p_row.version, p_row.call_id, p_actor, p_data, '{notify}'));
END
$$;
