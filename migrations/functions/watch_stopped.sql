-- Note that Google has stopped this channel, or does not know it any more: what still comes by it is refused.
CREATE OR REPLACE FUNCTION frontdesk.watch_stopped(p_org_id uuid, p_channel_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    UPDATE watch_channels w SET state = 'stopped' WHERE w.org_id = p_org_id AND w.id = p_channel_id;
    RETURN '{"outcome": "stopped"}';
END
$$;
