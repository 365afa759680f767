-- What a clinic decided about itself. Outcome: found.
CREATE OR REPLACE FUNCTION frontdesk.board_settings(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    RETURN jsonb_build_object('outcome', 'found', 'settings', settings_json(act_for(p_org_id)));
END
$$;
