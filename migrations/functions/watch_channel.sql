-- Find a watch channel by the id that a notification names: the clinic, and the hash its token must have. Null where
-- there is none, or it was stopped. Before the clinic is known, hence across all of them.
CREATE OR REPLACE FUNCTION frontdesk.watch_channel(p_channel_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_found jsonb;
BEGIN
    PERFORM set_config('app.scope', 'routing', true);
    SELECT jsonb_build_object('org_id', w.org_id, 'token_hash', w.token_hash, 'resource_id', w.resource_id)
    INTO v_found
    FROM watch_channels w WHERE w.id = p_channel_id AND w.state <> 'stopped';
    PERFORM set_config('app.scope', '', true);
    RETURN v_found;
END
$$;
