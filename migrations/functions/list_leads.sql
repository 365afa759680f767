-- An org's leads, the latest first: {items, next}. p_statuses null: all. p_before is `next` of the page before.
CREATE OR REPLACE FUNCTION frontdesk.list_leads(
    p_org_id   uuid,
    p_statuses text[] DEFAULT NULL,
    p_before   jsonb DEFAULT NULL,
    p_limit    integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_limit integer := least(greatest(p_limit, 1), 200);
    v_found leads[];
BEGIN
    PERFORM act_for(p_org_id);
    SELECT array_agg(page ORDER BY (page).status_at DESC, (page).id DESC) INTO v_found
    FROM (
        SELECT l AS page FROM leads l
        WHERE l.org_id = p_org_id
          AND (p_statuses IS NULL OR l.status = ANY (p_statuses))
          AND (p_before IS NULL OR (l.status_at, l.id) < ((p_before ->> 0)::timestamptz, (p_before ->> 1)::uuid))
        ORDER BY l.status_at DESC, l.id DESC
        LIMIT v_limit + 1
    ) AS latest;
    RETURN jsonb_build_object(
        'items', coalesce((SELECT jsonb_agg(lead_json(v_found[place]) ORDER BY place)
                           FROM generate_series(1, least(coalesce(cardinality(v_found), 0), v_limit)) AS place), '[]'),
        'next', CASE WHEN cardinality(v_found) > v_limit
                     THEN jsonb_build_array((v_found[v_limit]).status_at, (v_found[v_limit]).id) END);
END
$$;
