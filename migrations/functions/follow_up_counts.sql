-- How much waits for the front desk: {"open", "overdue", "unassigned", "snoozed"}.
CREATE OR REPLACE FUNCTION frontdesk.follow_up_counts(p_org_id uuid) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'open', count(*) FILTER (WHERE NOT later), 'overdue', count(*) FILTER (WHERE NOT later AND due_at < now()),
        'unassigned', count(*) FILTER (WHERE NOT later AND assignee_id IS NULL), 'snoozed', count(*) FILTER (WHERE later))
    FROM (SELECT f.due_at, f.assignee_id, coalesce(f.snoozed_until > now(), false) AS later
          FROM frontdesk.follow_ups f WHERE f.org_id = p_org_id AND f.status = 'open') AS waiting
$$;
