-- Take in a whole transcript if it is more than the one that is stored, or a live line if there is none yet (record_call
-- says what "more" means). True when something was taken.
CREATE OR REPLACE FUNCTION frontdesk.save_transcript(
    p_call     frontdesk.calls,
    p_language text,
    p_lines    jsonb,
    p_rank     integer,
    p_live     jsonb
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_stamp jsonb := jsonb_build_array(p_rank, coalesce(jsonb_array_length(p_lines), 0), md5(p_lines::text));
BEGIN
    IF jsonb_array_length(p_lines) > 0 AND v_stamp > coalesce(p_call.transcript_stamp, '[-1, 0, ""]') THEN
        DELETE FROM frontdesk.call_messages m WHERE m.org_id = p_call.org_id AND m.call_id = p_call.id;
        INSERT INTO frontdesk.call_messages (org_id, call_id, position, role, body, seconds, at, tool, tool_call_id, outcome)
        SELECT p_call.org_id, p_call.id, place, line ->> 'role', line ->> 'body', (line ->> 'seconds')::numeric,
               to_timestamp((line ->> 'at')::numeric / 1000), line ->> 'tool', line ->> 'tool_call_id', line ->> 'outcome'
        FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS lines (line, place);
        UPDATE frontdesk.calls c
        SET transcript_stamp = v_stamp,
            words = (SELECT frontdesk.call_words(p_language, string_agg(line ->> 'body', ' ' ORDER BY place))
                     FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS lines (line, place) WHERE line ->> 'role' <> 'tool')
        WHERE c.org_id = p_call.org_id AND c.id = p_call.id;
        RETURN true;
    ELSIF p_live IS NOT NULL AND p_call.transcript_stamp IS NULL THEN
        INSERT INTO frontdesk.call_messages AS m (org_id, call_id, position, role, body, at)
        VALUES (p_call.org_id, p_call.id, (p_live ->> 'at')::numeric::bigint, p_live ->> 'role', p_live ->> 'body',
                to_timestamp((p_live ->> 'at')::numeric / 1000))
        -- Two lines of one millisecond are one that was corrected: which stays must not depend on which came first.
        ON CONFLICT (org_id, call_id, position) DO UPDATE SET role = excluded.role, body = excluded.body
            WHERE (length(excluded.body), excluded.role, excluded.body) > (length(m.body), m.role, m.body);
        RETURN FOUND;
    END IF;
    RETURN false;
END
$$;
