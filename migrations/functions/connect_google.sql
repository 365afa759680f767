-- Remember that somebody set out for Google: for ten minutes, one browser, one use (take_oauth_state).
CREATE OR REPLACE FUNCTION frontdesk.connect_google(
    p_org_id       uuid,
    p_state_hash   text,       -- SHA-256, hex; the state itself is nowhere but in the browser
    p_browser_hash text,
    p_verifier     text,       -- PKCE, RFC 7636
    p_staff_id     uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    DELETE FROM oauth_states s WHERE s.org_id = p_org_id AND (s.expires_at < now() - interval '1 day' OR s.staff_id = p_staff_id);
    INSERT INTO oauth_states (org_id, state_hash, browser_hash, verifier, staff_id, expires_at)
    VALUES (p_org_id, p_state_hash, p_browser_hash, p_verifier, p_staff_id, now() + interval '10 minutes');
    RETURN '{"outcome": "started"}';
END
$$;
