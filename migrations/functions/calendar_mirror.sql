-- What we believe a calendar holds: blocks as [Google's id, start, end] (seconds since 1970, those not over before
-- yesterday), and our own events of coming live visits as [Google's id, appointment id].
CREATE OR REPLACE FUNCTION frontdesk.calendar_mirror(p_org_id uuid, p_calendar_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_blocks jsonb;
    v_events jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT jsonb_agg(jsonb_build_array(b.external_id, extract(epoch FROM lower(b.during))::bigint, extract(epoch FROM upper(b.during))::bigint))
    INTO v_blocks
    FROM busy_blocks b
    WHERE b.org_id = p_org_id AND b.calendar_id = p_calendar_id AND b.ends_at > now() - interval '1 day';
    SELECT jsonb_agg(jsonb_build_array(e.google_event_id, e.appointment_id))
    INTO v_events
    FROM calendar_events e
    JOIN calendars c ON c.org_id = e.org_id AND c.id = e.calendar_id
    JOIN appointments a ON a.org_id = e.org_id AND a.id = e.appointment_id AND a.provider_id = c.provider_id
        AND a.status IN ('pending', 'confirmed', 'arrived') AND a.starts_at > now()
    WHERE e.org_id = p_org_id AND e.calendar_id = p_calendar_id AND e.state = 'live';
    RETURN jsonb_build_object('blocks', coalesce(v_blocks, '[]'), 'events', coalesce(v_events, '[]'));
END
$$;
