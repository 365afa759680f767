-- Something a person must do next, as the staff's board shows it.
CREATE OR REPLACE FUNCTION frontdesk.follow_up_json(p_follow_up frontdesk.follow_ups) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_follow_up.id, 'version', p_follow_up.version, 'contact_id', coalesce(p_follow_up.contact_id, c.id),
        'contact_name', c.name, 'caller_name', p_follow_up.caller_name, 'phone', coalesce(p_follow_up.phone, c.phone),
        'message', p_follow_up.message, 'urgency', p_follow_up.urgency, 'preferred_time', p_follow_up.preferred_time,
        'due_at', p_follow_up.due_at, 'overdue', p_follow_up.status = 'open' AND p_follow_up.due_at < now(),
        'snoozed_until', p_follow_up.snoozed_until, 'status', p_follow_up.status, 'source', p_follow_up.source, 'rule', p_follow_up.rule,
        'call_id', p_follow_up.call_id, 'assignee_id', p_follow_up.assignee_id, 'assignee_name', s.name,
        'missed_calls', p_follow_up.missed_calls, 'created_at', p_follow_up.created_at,
        'done_at', p_follow_up.done_at, 'done_by_name', frontdesk.actor_name(p_follow_up.org_id, p_follow_up.done_by),
        'outcome', p_follow_up.outcome)
    FROM (SELECT) AS one
    -- The caller may have become a contact since.
    LEFT JOIN frontdesk.contacts c ON c.org_id = p_follow_up.org_id AND c.id = coalesce(p_follow_up.contact_id, (
        SELECT k.id FROM frontdesk.contacts k WHERE k.org_id = p_follow_up.org_id AND k.phone = p_follow_up.phone))
    LEFT JOIN frontdesk.staff s ON s.org_id = p_follow_up.org_id AND s.id = p_follow_up.assignee_id
$$;
