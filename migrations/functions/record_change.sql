-- Write what happened and who must be told, as part of the caller's transaction. Returns the outbox
-- rows as [{"id", "queue"}], in the order of p_queues.
--
-- The event's seq comes from the org's counter row, which stays locked until the commit: so seqs are gapless
-- and become visible in order. Call it last, after all other locks.
CREATE OR REPLACE FUNCTION frontdesk.record_change(
    p_org_id         uuid,
    p_type           text,
    p_appointment_id uuid,
    p_follow_up_id   uuid,
    p_contact_id     uuid,
    p_version        integer,
    p_call_id        text,
    p_actor          text,
    p_data           jsonb,
    p_queues         text[]
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_seq    bigint;
    v_outbox jsonb;
BEGIN
    INSERT INTO frontdesk.event_counters AS c (org_id, last_seq)
    VALUES (p_org_id, 1)
    ON CONFLICT (org_id) DO UPDATE SET last_seq = c.last_seq + 1
    RETURNING last_seq INTO v_seq;

    INSERT INTO frontdesk.events (org_id, seq, type, appointment_id, contact_id, follow_up_id, call_id, actor, data)
    VALUES (p_org_id, v_seq, p_type, p_appointment_id, p_contact_id, p_follow_up_id, p_call_id, p_actor, p_data);

    WITH rows AS (
        INSERT INTO frontdesk.outbox (org_id, queue, kind, aggregate_id, version, seq, next_at)
        SELECT p_org_id, queue, p_type, coalesce(p_appointment_id, p_follow_up_id, p_contact_id, p_org_id), p_version, v_seq,
               -- A head start for the caller, who sends its rows itself after it answered (docs/decisions/0008).
               now() + interval '15 seconds'
        FROM unnest(p_queues) WITH ORDINALITY AS wanted (queue, place)
        ORDER BY place
        RETURNING id, queue
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'queue', queue) ORDER BY id), '[]') INTO v_outbox FROM rows;
    RETURN v_outbox;
END
$$;
