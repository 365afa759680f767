-- Open what was closed. Outcomes: deleted, not_found.
CREATE OR REPLACE FUNCTION frontdesk.delete_closure(p_org_id uuid, p_closure_id uuid, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_row closures;
BEGIN
    PERFORM act_for(p_org_id);
    DELETE FROM closures c WHERE c.org_id = p_org_id AND c.id = p_closure_id RETURNING * INTO v_row;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'deleted', 'outbox', settings_changed(
        p_org_id, 'closure', jsonb_build_object('closure_id', p_closure_id, 'provider_id', v_row.provider_id), p_actor));
END
$$;
