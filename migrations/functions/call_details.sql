-- One call with all that belongs to it, by our id or Vapi's; null when there is none. The transcript is paged by
-- position: p_after is the `next` of the page before.
CREATE OR REPLACE FUNCTION frontdesk.call_details(
    p_org_id uuid,
    p_call   text,
    p_after  bigint DEFAULT NULL,
    p_limit  integer DEFAULT 200
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_call  calls;
    v_lines jsonb;
    v_limit integer := least(greatest(p_limit, 1), 5000);
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_call FROM calls c
    WHERE c.org_id = p_org_id
      AND (c.vapi_call_id = p_call
           OR c.id = CASE WHEN p_call ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN p_call::uuid END)
    ORDER BY c.vapi_call_id = p_call DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(jsonb_agg(to_jsonb(line) - 'org_id' - 'call_id' ORDER BY line.position), '[]') INTO v_lines
    FROM (SELECT * FROM call_messages m
          WHERE m.org_id = p_org_id AND m.call_id = v_call.id AND (p_after IS NULL OR m.position > p_after)
          ORDER BY m.position LIMIT v_limit + 1) AS line;
    RETURN call_json(v_call) || jsonb_build_object(
        'transcript', jsonb_build_object(
            'items', CASE WHEN jsonb_array_length(v_lines) > v_limit THEN v_lines - v_limit ELSE v_lines END,
            'next', CASE WHEN jsonb_array_length(v_lines) > v_limit THEN v_lines -> (v_limit - 1) -> 'position' END),
        'tool_calls', coalesce((
            SELECT jsonb_agg(jsonb_build_object('tool', m.tool, 'tool_call_id', m.tool_call_id, 'outcome', m.outcome, 'result', m.body,
                                                'at', m.at, 'seconds', m.seconds) ORDER BY m.position)
            FROM call_messages m WHERE m.org_id = p_org_id AND m.call_id = v_call.id AND m.role = 'tool'), '[]'),
        'appointments', coalesce((
            SELECT jsonb_agg(appointment_json(p_org_id, a.appointment_id) ORDER BY a.seq)
            FROM (SELECT e.appointment_id, min(e.seq) AS seq FROM events e
                  WHERE e.org_id = p_org_id AND e.call_id = v_call.vapi_call_id AND e.appointment_id IS NOT NULL
                  GROUP BY e.appointment_id) AS a), '[]'),
        'follow_ups', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', f.id, 'message', f.message, 'urgency', f.urgency, 'due_at', f.due_at,
                                                'status', f.status, 'source', f.source) ORDER BY f.created_at, f.id)
            FROM follow_ups f
            WHERE f.org_id = p_org_id AND f.id IN (SELECT e.follow_up_id FROM events e WHERE e.org_id = p_org_id AND e.call_id = v_call.vapi_call_id)), '[]'),
        'facts', coalesce((
            SELECT jsonb_object_agg(f.field, f.value) FROM contact_facts f
            WHERE f.org_id = p_org_id AND f.source = 'call:' || v_call.id), '{}'),
        'lead', (SELECT lead_json(l) FROM leads l WHERE l.org_id = p_org_id AND l.id = v_call.lead_id));
END
$$;
