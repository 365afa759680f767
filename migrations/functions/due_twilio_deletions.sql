-- The texts of an erased person that Twilio is to delete now, at most ten (as many as one message's time is enough for).
CREATE OR REPLACE FUNCTION frontdesk.due_twilio_deletions(p_org_id uuid, p_contact_id uuid) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT coalesce(jsonb_agg(due.twilio_sid), '[]')
    FROM (SELECT d.twilio_sid FROM frontdesk.twilio_deletions d
          WHERE d.org_id = p_org_id AND d.contact_id = p_contact_id
            -- queue_due_twilio_deletions moves them on by so much when it queues their message.
            AND (d.attempts = 0 OR d.next_at <= now() + interval '5 minutes')
          ORDER BY d.attempts, d.twilio_sid LIMIT 10) AS due
$$;
