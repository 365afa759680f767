-- Queue the reminders that have come due, at most p_limit. Nothing was scheduled before: what is due follows from
-- the appointments as they are now (reminder_moment), so a moved or cancelled visit needs no cleaning up.
--
-- One for each appointment, time and reminder, ever (dedupe key). Of several that are due together, after an
-- outage, only the one nearest to the visit. Not in quiet hours, not to who opted out, not for a paused clinic.
CREATE OR REPLACE FUNCTION frontdesk.queue_due_reminders(p_limit integer DEFAULT 500) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH due AS (
        SELECT DISTINCT ON (a.org_id, a.id)
               a.org_id, a.id, a.contact_id, a.starts_at, a.version, o.language,
               'reminder:' || a.id || ':' || a.time_version || ':' || before.minutes AS dedupe_key
        FROM orgs o
        JOIN providers p ON p.org_id = o.id   -- so that the index by provider and time is used
        JOIN appointments a ON a.org_id = p.org_id AND a.provider_id = p.id AND a.status IN ('pending', 'confirmed')
            AND a.starts_at > now() + interval '30 minutes'
            -- Quiet hours move a reminder by less than a day, a change of the clocks by an hour.
            AND a.starts_at < now() + interval '26 hours' + make_interval(mins => (SELECT max(m) FROM unnest(o.reminder_minutes) AS m))
        CROSS JOIN LATERAL unnest(o.reminder_minutes) AS before (minutes)
        WHERE o.sms_sender IS NOT NULL AND o.sms_paused_reason IS NULL
          AND after_quiet_hours(now(), o.time_zone, o.quiet_from, o.quiet_until) = now()
          AND reminder_moment(a.starts_at, before.minutes, a.time_set_at, o.time_zone, o.quiet_from, o.quiet_until) <= now()
        ORDER BY a.org_id, a.id, before.minutes
    ), missing AS (
        SELECT due.*, c.phone
        FROM due
        JOIN contacts c ON c.org_id = due.org_id AND c.id = due.contact_id
        WHERE NOT EXISTS (SELECT FROM sms_messages m WHERE m.org_id = due.org_id AND m.dedupe_key = due.dedupe_key)
          AND NOT EXISTS (SELECT FROM sms_opt_outs x WHERE x.org_id = due.org_id AND x.phone = c.phone)
        ORDER BY due.starts_at LIMIT p_limit
    ), made AS (
        INSERT INTO sms_messages (org_id, id, direction, kind, appointment_id, contact_id, version, dedupe_key, phone, language,
                                  state, next_at, sweep_at, valid_until)
        SELECT org_id, new_id(), 'out', 'reminder', id, contact_id, version, dedupe_key, phone, language,
               'queued', now(), now() + interval '3 minutes', starts_at - interval '30 minutes'
        FROM missing
        ON CONFLICT (org_id, dedupe_key) DO NOTHING   -- another dispatch was faster
        RETURNING org_id, id, version
    )
    INSERT INTO outbox (org_id, queue, kind, aggregate_id, version, seq)
    SELECT org_id, 'sms', 'appointment.reminder', id, version, 0 FROM made;   -- no event: nothing happened yet
    GET DIAGNOSTICS v_count = ROW_COUNT;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object('count', v_count);
END
$$;
