-- Announce that a setting was changed on the board: what, and the ids it is about. Returns the outbox rows.
CREATE OR REPLACE FUNCTION frontdesk.settings_changed(p_org_id uuid, p_what text, p_data jsonb, p_actor text) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT frontdesk.record_change(
        p_org_id, 'settings.changed', NULL, NULL, NULL, 1, NULL, p_actor, jsonb_build_object('what', p_what) || p_data, '{notify}')
$$;
