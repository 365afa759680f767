-- Take away the words this clinic has kept long enough, at most p_limit of each kind, count them under the clinic's
-- day, and tell of the days that are over (one event a day). Returns what was taken now. The caller acts for the clinic.
--
--   transcript_days  of a call: lines, summary, searchable words, what was learnt in it; of a change to a visit: why
--   recording_days   of a call: the link to its recording
--   message_days     of a text: the words; of a follow-up that is done: message, wish, outcome, name
CREATE OR REPLACE FUNCTION frontdesk.forget_words(p_org frontdesk.orgs, p_limit integer) RETURNS frontdesk.retention_days
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_gone  frontdesk.retention_days;
    v_day   date := (now() AT TIME ZONE p_org.time_zone)::date;
    v_calls uuid[];
    v_told  frontdesk.retention_days;
BEGIN
    SELECT coalesce(array_agg(old.id), '{}') INTO v_calls
    FROM (SELECT c.id FROM frontdesk.calls c
          WHERE c.org_id = p_org.id AND c.forgotten_at IS NULL AND c.started_at < now() - make_interval(days => p_org.transcript_days)
          ORDER BY c.started_at LIMIT least(p_limit, 200) FOR UPDATE SKIP LOCKED) AS old;   -- a long call has thousands of lines
    DELETE FROM frontdesk.call_messages m WHERE m.org_id = p_org.id AND m.call_id = ANY (v_calls);
    DELETE FROM frontdesk.contact_facts f USING unnest(v_calls) AS call (id)
    WHERE f.org_id = p_org.id AND f.source = 'call:' || call.id AND f.field IN ('reason', 'preferred_times');
    UPDATE frontdesk.calls c SET forgotten_at = now(), words = NULL, summary = NULL, success = NULL, transcript_stamp = NULL
    WHERE c.org_id = p_org.id AND c.id = ANY (v_calls);
    v_gone.transcripts := cardinality(v_calls);

    WITH old AS (
        SELECT c.id FROM frontdesk.calls c
        WHERE c.org_id = p_org.id AND c.recording_url IS NOT NULL AND c.started_at < now() - make_interval(days => p_org.recording_days)
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    UPDATE frontdesk.calls c SET recording_url = NULL FROM old WHERE c.org_id = p_org.id AND c.id = old.id;
    GET DIAGNOSTICS v_gone.recordings = ROW_COUNT;
    WITH old AS (
        SELECT m.id FROM frontdesk.sms_messages m
        WHERE m.org_id = p_org.id AND m.body IS NOT NULL AND m.created_at < now() - make_interval(days => p_org.message_days)
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    UPDATE frontdesk.sms_messages m SET body = NULL FROM old WHERE m.org_id = p_org.id AND m.id = old.id;
    GET DIAGNOSTICS v_gone.messages = ROW_COUNT;
    WITH old AS (
        SELECT f.id FROM frontdesk.follow_ups f
        WHERE f.org_id = p_org.id AND f.status = 'done' AND f.forgotten_at IS NULL AND f.done_at < now() - make_interval(days => p_org.message_days)
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    UPDATE frontdesk.follow_ups f SET forgotten_at = now(), message = '(no longer kept)', preferred_time = NULL, outcome = NULL, caller_name = NULL
    FROM old WHERE f.org_id = p_org.id AND f.id = old.id;
    GET DIAGNOSTICS v_gone.follow_ups = ROW_COUNT;
    WITH old AS (
        SELECT e.seq FROM frontdesk.events e
        WHERE e.org_id = p_org.id AND e.type IN ('appointment.booked', 'appointment.rescheduled', 'appointment.cancelled')
          AND e.data ? 'reason' AND e.at < now() - make_interval(days => p_org.transcript_days)
        LIMIT p_limit FOR UPDATE SKIP LOCKED)
    UPDATE frontdesk.events e SET data = e.data - 'reason' FROM old WHERE e.org_id = p_org.id AND e.seq = old.seq;
    GET DIAGNOSTICS v_gone.reasons = ROW_COUNT;

    IF v_gone.transcripts + v_gone.recordings + v_gone.messages + v_gone.follow_ups + v_gone.reasons > 0 THEN
        INSERT INTO frontdesk.retention_days AS r (org_id, day, transcripts, recordings, messages, follow_ups, reasons)
        VALUES (p_org.id, v_day, v_gone.transcripts, v_gone.recordings, v_gone.messages, v_gone.follow_ups, v_gone.reasons)
        ON CONFLICT (org_id, day) DO UPDATE
        SET transcripts = r.transcripts + excluded.transcripts, recordings = r.recordings + excluded.recordings,
            messages = r.messages + excluded.messages, follow_ups = r.follow_ups + excluded.follow_ups, reasons = r.reasons + excluded.reasons;
    END IF;
    FOR v_told IN
        UPDATE frontdesk.retention_days r SET told = true WHERE r.org_id = p_org.id AND NOT r.told AND r.day < v_day RETURNING r.*
    LOOP
        PERFORM frontdesk.record_change(p_org.id, 'retention.swept', NULL, NULL, NULL, 1, NULL, 'system',
            to_jsonb(v_told) - '{org_id,told}'::text[], '{notify}');
    END LOOP;
    RETURN v_gone;
END
$$;
