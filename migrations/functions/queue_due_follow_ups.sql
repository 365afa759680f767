-- Have somebody look after what went wrong, at most p_limit. Derived from what is there now, each minute, once for each:
--
--   no_show      a visit nobody came to, ten minutes after it was noted (until then it may be taken back); not who has
--                another one coming
--   failed_text  a text about a coming visit that did not arrive, and no later one about it did; once for each time of it
--
-- Only where the clinic wants it (orgs.follow_up_rules). What is older than three days is left alone: when dispatch
-- stood still that long, or a rule is switched on, nobody wants last month's. The rules for calls (follow_up_of_call)
-- and for what a provider does in Google (calendar_follow_up) act when it happens.
CREATE OR REPLACE FUNCTION frontdesk.queue_due_follow_ups(p_limit integer DEFAULT 100) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_due   jsonb;
    v_one   jsonb;
    v_count integer := 0;
BEGIN
    PERFORM set_config('app.scope', 'dispatch', true);
    WITH wanted AS (
        SELECT a.org_id, 'no_show' AS rule, a.id::text AS subject, a.id AS appointment_id, NULL AS code
        FROM appointments a
        JOIN orgs o ON o.id = a.org_id AND 'no_show' = ANY (o.follow_up_rules)
        WHERE a.status = 'no_show' AND a.erased_at IS NULL
          AND a.updated_at > now() - interval '3 days' AND a.updated_at < now() - interval '10 minutes'
          AND NOT EXISTS (SELECT FROM appointments n
                          WHERE n.org_id = a.org_id AND n.contact_id = a.contact_id AND n.starts_at > now()
                            AND n.status IN ('pending', 'confirmed'))
        UNION
        SELECT m.org_id, 'failed_text', a.id || ':' || a.time_version, a.id, min(coalesce(m.error_code, m.state))
        FROM sms_messages m
        JOIN orgs o ON o.id = m.org_id AND 'failed_text' = ANY (o.follow_up_rules)
        JOIN appointments a ON a.org_id = m.org_id AND a.id = m.appointment_id AND a.status IN ('pending', 'confirmed') AND a.starts_at > now()
        WHERE m.direction = 'out' AND m.state IN ('undelivered', 'failed') AND m.updated_at > now() - interval '3 days'
          AND m.erased_at IS NULL
          AND NOT EXISTS (SELECT FROM sms_messages n
                          WHERE n.org_id = m.org_id AND n.appointment_id = m.appointment_id AND n.state = 'delivered' AND n.created_at > m.created_at)
        GROUP BY m.org_id, a.id, a.time_version
    )
    SELECT coalesce(jsonb_agg(to_jsonb(due) ORDER BY due.org_id, due.rule, due.subject), '[]') INTO v_due
    FROM (SELECT w.* FROM wanted w
          WHERE NOT EXISTS (SELECT FROM follow_ups f WHERE f.org_id = w.org_id AND f.rule = w.rule AND f.rule_subject = w.subject)
          ORDER BY w.org_id, w.rule, w.subject LIMIT least(p_limit, 100)) AS due;   -- event counters are held until the commit
    PERFORM set_config('app.scope', '', true);
    FOR v_one IN SELECT * FROM jsonb_array_elements(v_due) LOOP
        PERFORM act_for((v_one ->> 'org_id')::uuid);
        IF rule_follow_up((v_one ->> 'org_id')::uuid, v_one ->> 'rule', v_one ->> 'subject', (v_one ->> 'appointment_id')::uuid, v_one ->> 'code') THEN
            v_count := v_count + 1;
        END IF;
    END LOOP;
    RETURN jsonb_build_object('count', v_count);
END
$$;
