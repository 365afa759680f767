-- The answer to a wish that cannot be booked: its outcome, the reason, and free starts to offer instead.
-- p_refusal is what time_refusal said, or null when only nobody is free.
CREATE OR REPLACE FUNCTION frontdesk.refusal(
    p_org          frontdesk.orgs,
    p_service      frontdesk.services,
    p_provider_ids uuid[],
    p_starts_at    timestamptz,
    p_length       interval,
    p_refusal      text,
    p_ignore       uuid
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_day     date := (p_starts_at AT TIME ZONE p_org.time_zone)::date;
    v_outcome text := p_refusal;
    v_reason  text := p_refusal;
    v_open    boolean;
    v_closed  boolean;
BEGIN
    IF p_refusal IS NULL OR p_refusal = 'off_grid' THEN
        -- Somebody's hours hold the visit; and of those, is everybody closed?
        SELECT count(*) > 0,
               coalesce(bool_and(EXISTS (
                   SELECT FROM frontdesk.closures c
                   WHERE c.org_id = p_org.id AND (c.provider_id IS NULL OR c.provider_id = p.id)
                     AND c.during && tstzrange(p_starts_at, p_starts_at + p_length))), false)
        INTO v_open, v_closed
        FROM frontdesk.providers p
        JOIN frontdesk.provider_services ps ON ps.org_id = p.org_id AND ps.provider_id = p.id AND ps.service_id = p_service.id
        JOIN frontdesk.weekly_hours h ON h.org_id = p.org_id AND h.provider_id = p.id AND h.weekday = extract(isodow FROM v_day)
        WHERE p.org_id = p_org.id AND p.active
          AND (p_provider_ids IS NULL OR p.id = ANY (p_provider_ids))
          AND (v_day + h.opens) AT TIME ZONE p_org.time_zone <= p_starts_at
          AND (v_day + h.closes) AT TIME ZONE p_org.time_zone >= p_starts_at + p_length;
        v_outcome := CASE WHEN v_open AND NOT v_closed THEN 'slot_unavailable' ELSE 'outside_hours' END;
        v_reason := CASE WHEN NOT v_open THEN 'hours' WHEN v_closed THEN 'closed' ELSE coalesce(p_refusal, 'taken') END;
    END IF;
    RETURN jsonb_build_object(
        'outcome', v_outcome,
        'reason', v_reason,
        'today', (now() AT TIME ZONE p_org.time_zone)::date,
        'wished_at', p_starts_at,
        'alternatives', CASE WHEN v_outcome IN ('in_past', 'too_far') THEN '[]'::jsonb
                             ELSE frontdesk.nearest_starts(p_org, p_service, p_provider_ids, p_length, p_starts_at, p_ignore) END);
END
$$;
