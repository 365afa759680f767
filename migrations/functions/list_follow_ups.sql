-- What must be done next: {"items": [...], "next": [time, id] of the last one, or null, "counts": of all}.
--
-- p_status: open (what waits now, soonest due first), snoozed (what was put off, soonest back first), done (newest
-- first). p_assignee_id: only this person's; p_unassigned: only nobody's.
CREATE OR REPLACE FUNCTION frontdesk.list_follow_ups(
    p_org_id      uuid,
    p_status      text DEFAULT 'open',
    p_assignee_id uuid DEFAULT NULL,
    p_unassigned  boolean DEFAULT false,
    p_contact_id  uuid DEFAULT NULL,
    p_after_at    timestamptz DEFAULT NULL,
    p_after_id    uuid DEFAULT NULL,
    p_limit       integer DEFAULT 50
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_done   boolean := p_status = 'done';
    v_at     timestamptz := coalesce(p_after_at, CASE WHEN v_done THEN 'infinity' ELSE '-infinity' END::timestamptz);
    v_id     uuid := coalesce(p_after_id, CASE WHEN v_done THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'
                                               ELSE '00000000-0000-0000-0000-000000000000' END::uuid);
    v_person uuid[];                           -- one person may be several contacts
    v_phones text[];
    v_answer jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_contact_id IS NOT NULL THEN
        v_person := person_ids(p_org_id, p_contact_id);
        v_phones := ARRAY(SELECT c.phone::text FROM contacts c WHERE c.org_id = p_org_id AND c.id = ANY (v_person));
    END IF;
    WITH wanted AS (
        (SELECT f AS follow_up, f.due_at AS at, f.id
         FROM follow_ups f
         WHERE p_status = 'open' AND f.org_id = p_org_id AND f.status = 'open' AND (f.due_at, f.id) > (v_at, v_id)
           AND (f.snoozed_until IS NULL OR f.snoozed_until <= now())
           AND (p_assignee_id IS NULL OR f.assignee_id = p_assignee_id) AND NOT (p_unassigned AND f.assignee_id IS NOT NULL)
           AND (p_contact_id IS NULL OR f.contact_id = ANY (v_person) OR f.phone = ANY (v_phones))
         ORDER BY f.due_at, f.id LIMIT p_limit + 1)
        UNION ALL
        (SELECT f, f.snoozed_until, f.id
         FROM follow_ups f
         WHERE p_status = 'snoozed' AND f.org_id = p_org_id AND f.status = 'open' AND (f.snoozed_until, f.id) > (v_at, v_id)
           AND f.snoozed_until > now()
           AND (p_assignee_id IS NULL OR f.assignee_id = p_assignee_id) AND NOT (p_unassigned AND f.assignee_id IS NOT NULL)
           AND (p_contact_id IS NULL OR f.contact_id = ANY (v_person) OR f.phone = ANY (v_phones))
         ORDER BY f.snoozed_until, f.id LIMIT p_limit + 1)
        UNION ALL
        (SELECT f, f.done_at, f.id
         FROM follow_ups f
         WHERE p_status = 'done' AND f.org_id = p_org_id AND f.status = 'done' AND (f.done_at, f.id) < (v_at, v_id)
           AND (p_assignee_id IS NULL OR f.assignee_id = p_assignee_id) AND NOT (p_unassigned AND f.assignee_id IS NOT NULL)
           AND (p_contact_id IS NULL OR f.contact_id = ANY (v_person) OR f.phone = ANY (v_phones))
         ORDER BY f.done_at DESC, f.id DESC LIMIT p_limit + 1)
    ), placed AS (
        SELECT w.*, CASE WHEN v_done THEN row_number() OVER (ORDER BY w.at DESC, w.id DESC)
                         ELSE row_number() OVER (ORDER BY w.at, w.id) END AS place
        FROM wanted w
    )
    SELECT jsonb_build_object(
        'items', coalesce(jsonb_agg(follow_up_json(p.follow_up) ORDER BY p.place) FILTER (WHERE p.place <= p_limit), '[]'),
        'next', CASE WHEN count(*) > p_limit THEN (jsonb_agg(jsonb_build_array(p.at, p.id) ORDER BY p.place)) -> (p_limit - 1) END,
        'counts', follow_up_counts(p_org_id))
    INTO v_answer
    FROM placed p;
    RETURN v_answer;
END
$$;
