-- Free starts a patient may move their visit to, in seven days from p_from on (the clinic's days; default: the visit's
-- own), with their provider or (p_anyone) with all who offer the service. Null for a link that opens nothing.
--
-- By the rules of reschedule_appointment_atomic: the visit's own length and buffers, and its own time does not count
-- as taken. One entry a start; where several are free, the visit's own provider, else the first by name.
-- `previous`: an earlier week may be asked for; `next`: a later one. `next_free`: with no start in these days, the day of
-- the first one after them. `others`: somebody else offers the service too.
CREATE OR REPLACE FUNCTION frontdesk.patient_slots(
    p_token_hash text,
    p_from       date DEFAULT NULL,
    p_anyone     boolean DEFAULT false
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_visit     appointments := patient_link(p_token_hash);
    v_org       orgs;
    v_service   services;
    v_providers uuid[];
    v_length    interval := v_visit.ends_at - v_visit.starts_at;
    v_today     date;
    v_last      date;
    v_day       date;
    v_until     timestamptz;
    v_slots     jsonb;
    v_next_free date;
    v_days      integer;
BEGIN
    IF v_visit.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT o.* INTO v_org FROM orgs o WHERE o.id = v_visit.org_id;
    SELECT s.* INTO v_service FROM services s WHERE s.org_id = v_visit.org_id AND s.id = v_visit.service_id;
    v_service.buffer_before_minutes := extract(epoch FROM v_visit.starts_at - lower(v_visit.during)) / 60;
    v_service.buffer_after_minutes := extract(epoch FROM upper(v_visit.during) - v_visit.ends_at) / 60;
    v_providers := CASE WHEN p_anyone THEN NULL ELSE ARRAY[v_visit.provider_id] END;
    v_today := (now() AT TIME ZONE v_org.time_zone)::date;
    v_last := v_today + v_org.booking_horizon_days;
    v_day := least(greatest(coalesce(p_from, (v_visit.starts_at AT TIME ZONE v_org.time_zone)::date), v_today), v_last);
    IF patient_may_change(v_visit) THEN
        v_until := ((v_day + 7)::timestamp AT TIME ZONE v_org.time_zone) - interval '1 microsecond';
        SELECT jsonb_agg(jsonb_build_object('starts_at', u.starts_at, 'provider_id', u.provider_id, 'provider_name', u.provider_name)
                         ORDER BY u.starts_at)
        INTO v_slots
        FROM (
            SELECT DISTINCT ON (s.starts_at) s.*
            FROM open_starts(v_org, v_service, v_providers, v_length, v_day::timestamp AT TIME ZONE v_org.time_zone, v_until, v_visit.id) AS s
            -- Where it is already is no move.
            WHERE NOT (s.starts_at = v_visit.starts_at AND s.provider_id = v_visit.provider_id)
            ORDER BY s.starts_at, s.provider_id <> v_visit.provider_id, s.provider_name
        ) AS u;
        IF v_slots IS NULL THEN
            -- In steps, as find_slots does: the whole horizon at once is dear where providers are many.
            FOREACH v_days IN ARRAY ARRAY[28, 91, 731] LOOP
                SELECT (min(s.starts_at) AT TIME ZONE v_org.time_zone)::date INTO v_next_free
                FROM open_starts(v_org, v_service, v_providers, v_length, v_until, v_until + make_interval(days => v_days), v_visit.id) AS s;
                EXIT WHEN v_next_free IS NOT NULL;
            END LOOP;
        END IF;
    END IF;
    RETURN patient_visit_json(v_visit) || jsonb_build_object(
        'from', v_day, 'slots', coalesce(v_slots, '[]'), 'next_free', v_next_free,
        'previous', CASE WHEN v_day > v_today THEN greatest(v_day - 7, v_today) END,
        'next', CASE WHEN v_day + 7 <= v_last THEN v_day + 7 END,
        'others', EXISTS (
            SELECT FROM provider_services ps JOIN providers p ON p.org_id = ps.org_id AND p.id = ps.provider_id
            WHERE ps.org_id = v_org.id AND ps.service_id = v_service.id AND ps.provider_id <> v_visit.provider_id AND p.active));
END
$$;
