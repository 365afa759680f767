-- Give a provider a Google calendar; one it had before is left. Queues the full reading of it and the writing of
-- the provider's coming appointments.
-- Outcomes: assigned (also when it already was), unknown_provider, calendar_taken (by another provider), invalid.
CREATE OR REPLACE FUNCTION frontdesk.assign_calendar(
    p_org_id             uuid,
    p_provider_id        uuid,
    p_google_calendar_id text,
    p_summary            text DEFAULT '',
    p_time_zone          text DEFAULT NULL,
    p_actor              text DEFAULT 'system'
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_had    calendars;
    v_same   calendars;
    v_id     uuid;
    v_outbox jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    IF coalesce(length(p_google_calendar_id), 0) NOT BETWEEN 1 AND 1024 OR p_google_calendar_id ~ '[[:cntrl:][:space:]]' THEN
        RETURN '{"outcome": "invalid", "field": "google_calendar_id"}';
    END IF;
    PERFORM FROM providers p WHERE p.org_id = p_org_id AND p.id = p_provider_id;
    IF NOT FOUND THEN
        RETURN '{"outcome": "unknown_provider"}';
    END IF;
    PERFORM lock_schedule(p_org_id, ARRAY[p_provider_id], NULL);
    SELECT c.* INTO v_had FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id = p_provider_id FOR UPDATE;
    SELECT c.* INTO v_same FROM calendars c WHERE c.org_id = p_org_id AND c.google_calendar_id = p_google_calendar_id FOR UPDATE;
    IF v_same.provider_id <> p_provider_id THEN
        RETURN jsonb_build_object('outcome', 'calendar_taken', 'provider_id', v_same.provider_id);
    ELSIF v_same.provider_id = p_provider_id AND v_same.status IN ('syncing', 'live') THEN
        UPDATE calendars c SET summary = left(coalesce(nullif(p_summary, ''), c.summary), 500)
        WHERE c.org_id = p_org_id AND c.id = v_same.id;
        RETURN jsonb_build_object('outcome', 'assigned', 'calendar_id', v_same.id, 'outbox', '[]'::jsonb);
    END IF;
    IF v_had.id <> v_same.id OR v_same.id IS NULL THEN
        PERFORM leave_calendar(p_org_id, v_had.id);
    END IF;
    -- Also one that was being left: its events are still known by their ids.
    INSERT INTO calendars AS c (org_id, id, provider_id, google_calendar_id, summary, time_zone)
    VALUES (p_org_id, coalesce(v_same.id, new_id()), p_provider_id, p_google_calendar_id, left(coalesce(p_summary, ''), 500), p_time_zone)
    ON CONFLICT (org_id, google_calendar_id) DO UPDATE
    SET provider_id = p_provider_id, summary = left(coalesce(nullif(p_summary, ''), c.summary), 500), time_zone = coalesce(p_time_zone, c.time_zone),
        status = 'syncing', sync_token = NULL, synced_at = NULL, last_error_code = NULL, next_poll_at = now() + interval '15 minutes'
    RETURNING c.id INTO v_id;
    v_outbox := queue_calendar_sync(p_org_id, ARRAY[v_id]) || queue_calendar_writes(p_org_id);
    RETURN jsonb_build_object('outcome', 'assigned', 'calendar_id', v_id, 'outbox', v_outbox || record_change(
        p_org_id, 'calendar.assigned', NULL, NULL, NULL, 0, NULL, p_actor,
        jsonb_build_object('calendar_id', v_id, 'provider_id', p_provider_id), '{notify}'));
END
$$;
