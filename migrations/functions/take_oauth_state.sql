-- Use up a state that came back from Google. Whatever comes of it, it is gone: it is good for one attempt.
-- Outcomes: taken (with org_id, staff_id and verifier), unknown, expired, other_browser.
CREATE OR REPLACE FUNCTION frontdesk.take_oauth_state(p_state_hash text, p_browser_hash text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org_id uuid;
    v_state  oauth_states;
BEGIN
    -- Google's answer names no clinic: the state does.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT s.org_id INTO v_org_id FROM oauth_states s WHERE s.state_hash = p_state_hash;
    PERFORM set_config('app.scope', '', true);
    IF v_org_id IS NOT NULL THEN
        PERFORM set_config('app.org_id', v_org_id::text, true);
        DELETE FROM oauth_states s WHERE s.org_id = v_org_id AND s.state_hash = p_state_hash RETURNING s.* INTO v_state;
    END IF;
    RETURN CASE
        WHEN v_state.org_id IS NULL THEN '{"outcome": "unknown"}'
        WHEN v_state.browser_hash IS DISTINCT FROM p_browser_hash THEN '{"outcome": "other_browser"}'
        WHEN v_state.expires_at <= now() THEN '{"outcome": "expired"}'
        ELSE jsonb_build_object('outcome', 'taken', 'org_id', v_state.org_id, 'staff_id', v_state.staff_id, 'verifier', v_state.verifier)
    END;
END
$$;
