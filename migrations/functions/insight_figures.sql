-- The figures of a day, or of all of them: zeros where nothing was counted, and the rates. A rate of nothing is null.
CREATE OR REPLACE FUNCTION frontdesk.insight_figures(p_counted jsonb, p_lost_reasons jsonb, p_by_source jsonb, p_price_micros integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT '{"calls": 0, "calls_booked": 0, "calls_missed": 0, "calls_transferred": 0, "cancellations": 0, "visits": 0, "no_shows": 0,
             "texts_sent": 0, "texts_delivered": 0, "texts_failed": 0, "segments": 0, "replies": 0,
             "follow_ups_opened": 0, "follow_ups_done": 0, "follow_ups_overdue": 0}'::jsonb
        || p_counted
        || jsonb_build_object(
            'conversion', round(coalesce((p_counted -> 'calls_booked')::numeric, 0) / nullif((p_counted -> 'calls')::numeric, 0), 4),
            'lost_reasons', p_lost_reasons,
            'bookings', coalesce((SELECT sum(n::bigint) FROM jsonb_each_text(p_by_source) AS each (source, n)), 0),
            'bookings_by_source', '{"voice": 0, "staff": 0, "patient": 0, "calendar": 0}'::jsonb || p_by_source,
            'no_show_rate', round(coalesce((p_counted -> 'no_shows')::numeric, 0) / nullif((p_counted -> 'visits')::numeric, 0), 4),
            'cost_micros', coalesce((p_counted -> 'segments')::bigint, 0) * p_price_micros)
$$;
