-- End a nightly comparison: have every coming visit written that Google should have and, as far as we know, has not,
-- and every event deleted that should not be there any more (a visit that changed within ten minutes is on its way);
-- and say so when anything differed.
-- p_counts: what the comparison of the listing with our mirror found, {name: number}.
CREATE OR REPLACE FUNCTION frontdesk.record_calendar_comparison(p_org_id uuid, p_calendar_id uuid, p_counts jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_calendar  calendars;
    v_counts    jsonb;
    v_unwritten integer;
    v_outbox    jsonb := '[]';
BEGIN
    PERFORM act_for(p_org_id);
    UPDATE calendars c SET compared_at = now() WHERE c.org_id = p_org_id AND c.id = p_calendar_id RETURNING * INTO v_calendar;
    WITH missing AS (
        SELECT a.id, a.starts_at
        FROM appointments a
        LEFT JOIN calendar_events e ON e.org_id = a.org_id AND e.appointment_id = a.id AND e.calendar_id = p_calendar_id
        WHERE a.org_id = p_org_id AND a.provider_id = v_calendar.provider_id AND a.starts_at > now()
          AND a.status IN ('pending', 'confirmed', 'arrived') AND a.updated_at < now() - interval '10 minutes'
          AND (e.state = 'live' AND e.written_version = a.version) IS NOT TRUE
          AND e.next_at IS NULL
        UNION ALL
        SELECT a.id, a.starts_at
        FROM calendar_events e
        JOIN appointments a ON a.org_id = e.org_id AND a.id = e.appointment_id
            AND (a.status = 'cancelled' OR a.provider_id <> v_calendar.provider_id)
        WHERE e.org_id = p_org_id AND e.calendar_id = p_calendar_id AND e.state <> 'deleted' AND e.attempts + e.writes > 0
          AND a.updated_at < now() - interval '10 minutes' AND e.next_at IS NULL
        ORDER BY starts_at LIMIT 500
    )
    SELECT coalesce(jsonb_agg(row), '[]'), count(*) INTO v_outbox, v_unwritten
    FROM missing CROSS JOIN LATERAL jsonb_array_elements(queue_calendar_row(p_org_id, 'calendar.write_again', missing.id)) AS row;
    v_counts := jsonb_strip_nulls(p_counts || jsonb_build_object('unwritten', nullif(v_unwritten, 0)));
    IF v_counts <> '{}' AND v_calendar.id IS NOT NULL THEN
        v_outbox := v_outbox || calendar_event(v_calendar, 'calendar.drift', v_counts);
    END IF;
    RETURN jsonb_build_object('outcome', 'compared', 'counts', v_counts, 'outbox', v_outbox);
END
$$;
