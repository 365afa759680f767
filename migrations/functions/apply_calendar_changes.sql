-- Apply what a calendar says to the provider's busy blocks; with p_last, end the reading and keep Google's token for
-- the next one, in the same transaction as its last rows.
--
-- p_blocks: [[Google's id, start, end], ...] in seconds since 1970, each id once: what there is now. p_gone: ids of
-- what is no longer there; a series' id takes its instances with it. A big calendar comes in pieces, each committed by
-- itself, so that no caller waits for 2,500 rows; a reader that dies between two leaves the old token, and the
-- same rows come again.
-- p_last: {sync_token, time_zone, pushes (as begin_calendar_sync gave it), full (everything was listed)}.
--
-- Under the provider's lock: a booking of that time is either made before, and the staff are told of the double, or
-- looks after it, and is refused. Outcomes: applied (again: a notification came meanwhile), lost (another reader has
-- the lease, or the calendar is no longer ours).
CREATE OR REPLACE FUNCTION frontdesk.apply_calendar_changes(
    p_org_id      uuid,
    p_calendar_id uuid,
    p_lease       uuid,
    p_blocks      jsonb,
    p_gone        text[],
    p_last        jsonb DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org      orgs;
    v_provider uuid;
    v_calendar calendars;
    v_touched  tstzmultirange;
    v_new      uuid[];
    v_count    integer;
    v_again    boolean := false;
    v_outbox   jsonb := '[]';
BEGIN
    v_org := act_for(p_org_id);
    SELECT c.provider_id INTO v_provider FROM calendars c WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
    PERFORM lock_schedule(p_org_id, ARRAY[v_provider], NULL);
    SELECT * INTO v_calendar FROM calendars c WHERE c.org_id = p_org_id AND c.id = p_calendar_id FOR UPDATE;
    IF v_calendar.provider_id IS NULL OR v_calendar.provider_id <> v_provider OR v_calendar.sync_lease IS DISTINCT FROM p_lease THEN
        RETURN '{"outcome": "lost"}';
    END IF;

    -- A block that moved is one that went and one that came: both its times are touched.
    WITH moved AS (
        SELECT b.external_id
        FROM jsonb_array_elements(p_blocks) AS x
        JOIN busy_blocks b ON b.org_id = p_org_id AND b.calendar_id = p_calendar_id AND b.external_id = x ->> 0
        WHERE b.during <> tstzrange(to_timestamp((x ->> 1)::bigint), to_timestamp((x ->> 2)::bigint))
    ), went AS (
        DELETE FROM busy_blocks b
        WHERE b.org_id = p_org_id AND b.calendar_id = p_calendar_id
          AND (b.external_id = ANY (p_gone) OR b.external_id IN (SELECT m.external_id FROM moved m)
               -- An instance is named after its series and its start.
               OR (b.external_id LIKE '%\_%' AND regexp_replace(b.external_id, '_[0-9]{8}(T[0-9]{6}Z)?$', '') = ANY (p_gone)))
        RETURNING b.during)
    SELECT range_agg(during), count(*) INTO v_touched, v_count FROM went;
    WITH came AS (
        INSERT INTO busy_blocks (org_id, id, provider_id, during, source, external_id, calendar_id)
        SELECT p_org_id, new_id(), v_provider, tstzrange(to_timestamp((x ->> 1)::bigint), to_timestamp((x ->> 2)::bigint)),
               'google', x ->> 0, p_calendar_id
        FROM jsonb_array_elements(p_blocks) AS x
        ON CONFLICT (org_id, calendar_id, external_id) DO NOTHING   -- there already, at that time
        RETURNING id, during)
    SELECT coalesce(v_touched, '{}') + coalesce(range_agg(during), '{}'), array_agg(id), v_count + count(*)
    INTO v_touched, v_new, v_count FROM came;

    -- A calendar read for the first time may be full of visits somebody typed in: told in one sentence, at the end.
    IF v_calendar.status <> 'syncing' THEN
        v_outbox := v_outbox || tell_of_doubles(v_org, v_new);
        IF v_count > 0 THEN
            v_outbox := v_outbox || calendar_event(v_calendar, 'calendar.busy_changed', jsonb_build_object(
                'provider_id', v_provider, 'from', lower(v_touched), 'until', upper(v_touched)));
        END IF;
    END IF;
    IF p_last IS NULL THEN
        UPDATE calendars c SET sync_lease_until = now() + interval '90 seconds' WHERE c.org_id = p_org_id AND c.id = p_calendar_id;
    ELSE
        v_again := v_calendar.pushes > (p_last ->> 'pushes')::bigint;
        v_outbox := v_outbox || end_calendar_sync(v_org, v_calendar, p_last);
    END IF;
    RETURN jsonb_build_object('outcome', 'applied', 'changed', v_count, 'again', v_again, 'outbox', v_outbox);
END
$$;
