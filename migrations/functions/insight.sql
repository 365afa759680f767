-- What came of the clinic's calls, visits, texts and follow-ups: one item a day of the clinic's calendar, from p_from
-- to p_to (both included, at most 400 days), days without anything too, and the totals. What each figure counts:
-- docs/insight.md. One pass over each table.
CREATE OR REPLACE FUNCTION frontdesk.insight(p_org_id uuid, p_from date, p_to date) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org    orgs;
    v_zone   text;
    v_since  timestamptz;
    v_until  timestamptz;
    v_answer jsonb;
BEGIN
    v_org := act_for(p_org_id);
    v_zone := v_org.time_zone;
    IF p_to < p_from OR p_to - p_from >= 400 THEN
        RETURN '{"outcome": "invalid", "field": "to"}';
    END IF;
    v_since := p_from::timestamp AT TIME ZONE v_zone;
    v_until := (p_to + 1)::timestamp AT TIME ZONE v_zone;
    WITH counted (day, field, part, n) AS (
        -- Calls that came in and are over; of web callers too. Counted by day first, then a row a figure.
        SELECT d.day, each.field, NULL, each.n
        FROM (SELECT (c.started_at AT TIME ZONE v_zone)::date AS day, count(*) AS calls, count(*) FILTER (WHERE c.outcome = 'booked') AS booked,
                     count(*) FILTER (WHERE c.outcome = 'missed') AS missed, count(*) FILTER (WHERE c.outcome = 'transferred') AS transferred
              FROM calls c
              WHERE c.org_id = p_org_id AND c.started_at >= v_since AND c.started_at < v_until AND c.direction <> 'outbound' AND c.state = 'ended'
              GROUP BY 1) AS d
        CROSS JOIN LATERAL (VALUES ('calls', d.calls), ('calls_booked', d.booked), ('calls_missed', d.missed),
                                   ('calls_transferred', d.transferred)) AS each (field, n)
        UNION ALL   -- who called last on that day, did not book and has not booked since
        SELECT (c.started_at AT TIME ZONE v_zone)::date, 'lost_reasons', l.reason, count(*)
        FROM leads l
        JOIN calls c ON c.org_id = l.org_id AND c.id = l.call_id
        WHERE l.org_id = p_org_id AND l.status <> 'booked' AND c.started_at >= v_since AND c.started_at < v_until
        GROUP BY 1, 3
        UNION ALL   -- a booking is for later than it is made (but where a day was overbooked, hence a day's margin)
        SELECT (a.created_at AT TIME ZONE v_zone)::date, 'bookings_by_source', a.source, count(*)
        FROM appointments a
        WHERE a.org_id = p_org_id AND a.starts_at >= v_since - interval '1 day' AND a.created_at >= v_since AND a.created_at < v_until
        GROUP BY 1, 3
        UNION ALL
        SELECT d.day, each.field, NULL, each.n
        FROM (SELECT (a.starts_at AT TIME ZONE v_zone)::date AS day, count(*) AS visits, count(*) FILTER (WHERE a.status = 'no_show') AS no_shows
              FROM appointments a
              WHERE a.org_id = p_org_id AND a.starts_at >= v_since AND a.starts_at < v_until AND a.status IN ('arrived', 'completed', 'no_show')
              GROUP BY 1) AS d
        CROSS JOIN LATERAL (VALUES ('visits', d.visits), ('no_shows', d.no_shows)) AS each (field, n)
        UNION ALL
        SELECT (e.at AT TIME ZONE v_zone)::date, 'cancellations', NULL, count(*)
        FROM events e
        WHERE e.org_id = p_org_id AND e.type = 'appointment.cancelled' AND e.at >= v_since AND e.at < v_until
        GROUP BY 1
        UNION ALL   -- texts that Twilio took; every segment of them is paid, arrived or not
        SELECT d.day, each.field, NULL, each.n
        FROM (SELECT (m.created_at AT TIME ZONE v_zone)::date AS day, count(*) FILTER (WHERE m.rank > 0) AS sent,
                     count(*) FILTER (WHERE m.state = 'delivered') AS delivered,
                     count(*) FILTER (WHERE m.state IN ('undelivered', 'failed', 'expired')) AS failed,
                     coalesce(sum(coalesce(m.segments, 1)) FILTER (WHERE m.rank > 0), 0) AS segments
              FROM sms_messages m
              WHERE m.org_id = p_org_id AND m.direction = 'out' AND m.created_at >= v_since AND m.created_at < v_until
              GROUP BY 1) AS d
        CROSS JOIN LATERAL (VALUES ('texts_sent', d.sent), ('texts_delivered', d.delivered), ('texts_failed', d.failed),
                                   ('segments', d.segments)) AS each (field, n)
        UNION ALL
        SELECT (m.created_at AT TIME ZONE v_zone)::date, 'replies', NULL, count(*)
        FROM sms_messages m
        WHERE m.org_id = p_org_id AND m.direction = 'in' AND m.created_at >= v_since AND m.created_at < v_until
        GROUP BY 1
        UNION ALL
        SELECT (each.at AT TIME ZONE v_zone)::date, each.field, NULL, count(*)
        FROM follow_ups f
        CROSS JOIN LATERAL (VALUES ('follow_ups_opened', f.created_at), ('follow_ups_done', f.done_at),
                                   -- Due on that day, and not done by then.
                                   ('follow_ups_overdue', CASE WHEN f.due_at < coalesce(f.done_at, now()) THEN f.due_at END)) AS each (field, at)
        WHERE f.org_id = p_org_id AND each.at >= v_since AND each.at < v_until
        GROUP BY 1, 2
    ), summed AS (   -- of each day, and (infinity) of all
        SELECT coalesce(n.day, 'infinity') AS day, n.field, n.part, sum(n.n) AS n FROM counted n
        GROUP BY GROUPING SETS ((n.day, n.field, n.part), (n.field, n.part))
    ), told AS (
        SELECT d.day,
               coalesce(jsonb_object_agg(s.field, s.n) FILTER (WHERE s.part IS NULL AND s.field IS NOT NULL), '{}') AS figures,
               coalesce(jsonb_object_agg(s.part, s.n) FILTER (WHERE s.field = 'lost_reasons'), '{}') AS lost_reasons,
               coalesce(jsonb_object_agg(s.part, s.n) FILTER (WHERE s.field = 'bookings_by_source'), '{}') AS by_source
        FROM (SELECT day::date AS day FROM generate_series(p_from::timestamp, p_to::timestamp, interval '1 day') AS day
              UNION ALL SELECT 'infinity') AS d
        LEFT JOIN summed s ON s.day = d.day
        GROUP BY d.day
    )
    SELECT jsonb_build_object(
        'outcome', 'found', 'from', p_from, 'to', p_to, 'time_zone', v_zone, 'currency', v_org.sms_price_currency,
        'segment_price_micros', v_org.sms_segment_price_micros, 'estimated', true,
        'items', jsonb_agg(insight_figures(t.figures, t.lost_reasons, t.by_source, v_org.sms_segment_price_micros)
                           || jsonb_build_object('day', t.day) ORDER BY t.day) FILTER (WHERE t.day < 'infinity'),
        'totals', (jsonb_agg(insight_figures(t.figures, t.lost_reasons, t.by_source, v_org.sms_segment_price_micros))
                   FILTER (WHERE t.day = 'infinity')) -> 0,
        'follow_ups_now', follow_up_counts(p_org_id))
    INTO v_answer
    FROM told t;
    RETURN v_answer;
END
$$;
