-- Record what Google said of a new channel: its resource and when it ends. It is renewed at half its life; those
-- before it are stopped next. With p_resource_id null Google refused, and the row goes.
CREATE OR REPLACE FUNCTION frontdesk.record_watch(
    p_org_id        uuid,
    p_channel_id    uuid,
    p_resource_id   text,
    p_expires_at    timestamptz,
    p_error_code    text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_channel watch_channels;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_resource_id IS NULL THEN
        DELETE FROM watch_channels w WHERE w.org_id = p_org_id AND w.id = p_channel_id AND w.state = 'pending' RETURNING * INTO v_channel;
        UPDATE calendars c SET last_error_code = left(p_error_code, 80) WHERE c.org_id = p_org_id AND c.id = v_channel.calendar_id;
        RETURN '{"outcome": "refused"}';
    END IF;
    UPDATE watch_channels w
    SET state = 'active', resource_id = p_resource_id, expires_at = p_expires_at, renew_at = now() + (p_expires_at - now()) / 2
    WHERE w.org_id = p_org_id AND w.id = p_channel_id AND w.state IN ('pending', 'active')
    RETURNING * INTO v_channel;
    UPDATE watch_channels w SET state = 'stopping'
    WHERE w.org_id = p_org_id AND w.calendar_id = v_channel.calendar_id AND w.id <> p_channel_id AND w.state = 'active';
    RETURN jsonb_build_object('outcome', CASE WHEN v_channel.id IS NULL THEN 'unknown_channel' ELSE 'active' END);
END
$$;
