-- End a reading that saw everything: keep the token, let the lease go, and say so where the calendar was not live.
CREATE OR REPLACE FUNCTION frontdesk.end_calendar_sync(p_org frontdesk.orgs, p_calendar frontdesk.calendars, p_last jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_doubles bigint;
    v_outbox  jsonb;
BEGIN
    IF (p_last ->> 'full')::boolean THEN
        DELETE FROM frontdesk.busy_blocks b
        WHERE b.org_id = p_org.id AND b.calendar_id = p_calendar.id AND b.ends_at < now() - interval '1 day';
    END IF;
    UPDATE frontdesk.calendars c
    SET sync_token = p_last ->> 'sync_token', time_zone = coalesce(p_last ->> 'time_zone', c.time_zone), synced_at = now(),
        last_error_code = NULL, sync_lease = NULL, sync_lease_until = NULL
    WHERE c.org_id = p_org.id AND c.id = p_calendar.id;
    v_outbox := frontdesk.calendar_status_changed(p_org.id, p_calendar.id, 'live', NULL);
    IF p_calendar.status = 'syncing' THEN
        SELECT count(DISTINCT a.id) INTO v_doubles
        FROM frontdesk.busy_blocks b
        JOIN frontdesk.appointments a ON a.org_id = b.org_id AND a.provider_id = b.provider_id
            AND a.status IN ('pending', 'confirmed', 'arrived') AND a.during && b.during AND a.starts_at > now()
        WHERE b.org_id = p_org.id AND b.calendar_id = p_calendar.id;
        IF v_doubles > 0 THEN
            v_outbox := v_outbox || coalesce(frontdesk.create_follow_up(
                p_org.id,
                (SELECT p.name FROM frontdesk.providers p WHERE p.org_id = p_org.id AND p.id = p_calendar.provider_id)
                    || '''s calendar is connected now, and has something else over ' || v_doubles
                    || CASE v_doubles WHEN 1 THEN ' coming visit.' ELSE ' coming visits.' END
                    || ' Delete there what was typed in by hand, or move the visits.',
                now(), p_urgency => 'same_day', p_idempotency_key => 'calendar:connected:' || p_calendar.id || ':' || new_id(),
                p_source => 'calendar', p_actor => 'calendar') -> 'outbox', '[]');
        END IF;
    END IF;
    RETURN v_outbox;
END
$$;
