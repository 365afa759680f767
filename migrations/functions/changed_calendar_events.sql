-- Of events that a listing named, which are ours, and which of those may have been changed by somebody else.
--
-- p_items: [{id, etag, starts, ends, gone}], times in seconds since 1970, null where the event has none.
-- known: the ids that are ours; nothing known here is a busy block. changed: [{id, appointment_id, etag, writes,
-- leased}], what we knew of each just now, for take_over_calendar_move and appointment_deleted_in_google to compare
-- with. What is not in it is an echo of our own write, or agrees with the visit as it is.
CREATE OR REPLACE FUNCTION frontdesk.changed_calendar_events(p_org_id uuid, p_calendar_id uuid, p_items jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_known   jsonb;
    v_changed jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    WITH ours AS (
        SELECT x ->> 'id' AS id, e.appointment_id, e.etag, e.writes, e.lease_until > now() AS leased,
               CASE
                   WHEN (x ->> 'gone')::boolean THEN
                       e.state <> 'deleted' AND a.status <> 'cancelled' AND a.provider_id = c.provider_id
                   WHEN x ->> 'etag' = e.etag THEN false
                   WHEN a.status = 'cancelled' OR a.provider_id <> c.provider_id THEN true
                   WHEN a.starts_at = to_timestamp((x ->> 'starts')::bigint) AND a.ends_at = to_timestamp((x ->> 'ends')::bigint) THEN
                       -- As it should be; but is it known to be? (Its record may have been lost with a worker.)
                       coalesce(e.written_version < a.version, true) AND coalesce(e.lease_until <= now(), true)
                   ELSE true
               END AS changed
        FROM jsonb_array_elements(p_items) AS x
        JOIN calendar_events e ON e.org_id = p_org_id AND e.calendar_id = p_calendar_id AND e.google_event_id = x ->> 'id'
        JOIN calendars c ON c.org_id = e.org_id AND c.id = e.calendar_id
        JOIN appointments a ON a.org_id = e.org_id AND a.id = e.appointment_id
    )
    SELECT jsonb_agg(id), jsonb_agg(jsonb_build_object('id', id, 'appointment_id', appointment_id, 'etag', etag, 'writes', writes,
                                                       'leased', coalesce(leased, false))) FILTER (WHERE changed)
    INTO v_known, v_changed FROM ours;
    RETURN jsonb_build_object('known', coalesce(v_known, '[]'), 'changed', coalesce(v_changed, '[]'));
END
$$;
