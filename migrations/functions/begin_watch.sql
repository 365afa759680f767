-- Set out to make a calendar's watch channel: its row comes first, since Google may notify before it answers.
-- Outcomes: begun (p_channel_id, p_token_hash are stored; and what the new one replaces: old, with those a former
-- renewal did not get to stop), fresh (nothing to renew yet), busy (somebody else is at it), paused, unknown_calendar.
CREATE OR REPLACE FUNCTION frontdesk.begin_watch(p_org_id uuid, p_calendar_id uuid, p_channel_id uuid, p_token_hash text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_calendar calendars;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_calendar FROM calendars c WHERE c.org_id = p_org_id AND c.id = p_calendar_id FOR UPDATE;
    IF v_calendar.provider_id IS NULL THEN
        RETURN '{"outcome": "unknown_calendar"}';
    ELSIF NOT EXISTS (SELECT FROM google_connections g WHERE g.org_id = p_org_id AND g.status = 'connected') THEN
        RETURN '{"outcome": "paused"}';
    END IF;
    DELETE FROM watch_channels w
    WHERE w.org_id = p_org_id AND w.calendar_id = p_calendar_id AND w.id <> p_channel_id
      AND (w.expires_at < now() OR w.state = 'stopped' OR (w.state = 'pending' AND w.created_at < now() - interval '10 minutes'));
    IF EXISTS (SELECT FROM watch_channels w WHERE w.org_id = p_org_id AND w.calendar_id = p_calendar_id
                 AND w.state = 'active' AND w.renew_at > now()) THEN
        RETURN '{"outcome": "fresh"}';
    ELSIF EXISTS (SELECT FROM watch_channels w WHERE w.org_id = p_org_id AND w.calendar_id = p_calendar_id
                    AND w.state = 'pending' AND w.id <> p_channel_id AND w.created_at > now() - interval '90 seconds') THEN
        RETURN '{"outcome": "busy"}';
    END IF;
    INSERT INTO watch_channels (org_id, id, calendar_id, token_hash) VALUES (p_org_id, p_channel_id, p_calendar_id, p_token_hash)
    ON CONFLICT DO NOTHING;   -- asked for a second time
    RETURN jsonb_build_object(
        'outcome', 'begun', 'google_calendar_id', v_calendar.google_calendar_id,
        'old', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'resource_id', w.resource_id)), '[]')
                FROM watch_channels w
                WHERE w.org_id = p_org_id AND w.calendar_id = p_calendar_id AND w.state IN ('active', 'stopping') AND w.resource_id IS NOT NULL));
END
$$;
