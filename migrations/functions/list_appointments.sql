-- A page of appointments that start in [p_from, p_until), in the order of start and id: {"items", "next"}.
-- What is null does not restrict. `next` is the place of the last item, {"starts_at", "id"}, to be given back as
-- p_after_*; null at the end.
CREATE OR REPLACE FUNCTION frontdesk.list_appointments(
    p_org_id          uuid,
    p_from            timestamptz,
    p_until           timestamptz,
    p_provider_id     uuid,
    p_contact_id      uuid,
    p_statuses        text[],
    p_after_starts_at timestamptz,
    p_after_id        uuid,
    p_limit           integer
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_from   timestamptz := greatest(coalesce(p_from, '-infinity'), coalesce(p_after_starts_at, '-infinity'));
    v_until  timestamptz := coalesce(p_until, 'infinity');
    v_after  uuid := coalesce(p_after_id, '00000000-0000-0000-0000-000000000000');
    v_ids    uuid[];
    v_starts timestamptz[];
    v_person uuid[];                           -- one person may be several contacts
BEGIN
    PERFORM act_for(p_org_id);
    -- One statement for each index there is: roles.sql gives every statement one plan for all values.
    IF p_contact_id IS NOT NULL THEN
        v_person := person_ids(p_org_id, p_contact_id);
        SELECT array_agg(x.id ORDER BY x.starts_at, x.id), array_agg(x.starts_at ORDER BY x.starts_at, x.id) INTO v_ids, v_starts
        FROM (SELECT a.id, a.starts_at FROM appointments a
              WHERE a.org_id = p_org_id AND a.contact_id = ANY (v_person) AND a.starts_at >= v_from AND a.starts_at < v_until
                AND (a.starts_at, a.id) > (coalesce(p_after_starts_at, '-infinity'), v_after)
                AND (p_provider_id IS NULL OR a.provider_id = p_provider_id) AND (p_statuses IS NULL OR a.status = ANY (p_statuses))
              ORDER BY a.starts_at, a.id LIMIT p_limit + 1) AS x;
    ELSIF p_provider_id IS NOT NULL THEN
        SELECT array_agg(x.id ORDER BY x.starts_at, x.id), array_agg(x.starts_at ORDER BY x.starts_at, x.id) INTO v_ids, v_starts
        FROM (SELECT a.id, a.starts_at FROM appointments a
              WHERE a.org_id = p_org_id AND a.provider_id = p_provider_id AND a.starts_at >= v_from AND a.starts_at < v_until
                AND (a.starts_at, a.id) > (coalesce(p_after_starts_at, '-infinity'), v_after)
                AND (p_statuses IS NULL OR a.status = ANY (p_statuses))
              ORDER BY a.starts_at, a.id LIMIT p_limit + 1) AS x;
    ELSE
        SELECT array_agg(x.id ORDER BY x.starts_at, x.id), array_agg(x.starts_at ORDER BY x.starts_at, x.id) INTO v_ids, v_starts
        FROM (SELECT a.id, a.starts_at FROM appointments a
              WHERE a.org_id = p_org_id AND a.starts_at >= v_from AND a.starts_at < v_until
                AND (a.starts_at, a.id) > (coalesce(p_after_starts_at, '-infinity'), v_after)
                AND (p_statuses IS NULL OR a.status = ANY (p_statuses))
              ORDER BY a.starts_at, a.id LIMIT p_limit + 1) AS x;
    END IF;
    RETURN jsonb_build_object(
        'items', board_appointments(p_org_id, v_ids[1:p_limit]),
        'next', CASE WHEN cardinality(v_ids) > p_limit THEN jsonb_build_object('starts_at', v_starts[p_limit], 'id', v_ids[p_limit]) END);
END
$$;
