-- Where a caller who wants a person is put through to: the front desk while the clinic is open. Else somebody calls
-- back, once a call. Outcomes: open (with 'number'), closed, no_number; 'follow_up' says whether one is promised.
CREATE OR REPLACE FUNCTION frontdesk.transfer_call(p_org_id uuid, p_call_id text, p_phone text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org     orgs;
    v_outcome text := 'no_number';
    v_done    jsonb;
BEGIN
    v_org := act_for(p_org_id);
    -- A front desk that is the agent's own number would ring the agent again, for ever.
    IF v_org.front_desk_phone IS NOT NULL
       AND NOT EXISTS (SELECT FROM vapi_numbers n WHERE n.org_id = p_org_id AND n.number = v_org.front_desk_phone) THEN
        IF clinic_is_open(p_org_id, now()) THEN
            RETURN jsonb_build_object('outcome', 'open', 'number', v_org.front_desk_phone, 'follow_up', false, 'outbox', '[]'::jsonb);
        END IF;
        v_outcome := 'closed';
    END IF;
    IF p_phone IS NULL OR p_call_id IS NULL THEN
        RETURN jsonb_build_object('outcome', v_outcome, 'follow_up', false, 'outbox', '[]'::jsonb);
    END IF;
    v_done := create_follow_up(
        p_org_id, 'Asked for a person, and nobody could be put through to.', rule_due_at(p_org_id, now()), p_phone, NULL, 'same_day',
        p_call_id => p_call_id, p_idempotency_key => 'rule:transfer:' || p_call_id, p_source => 'rule', p_actor => 'system');
    UPDATE follow_ups f SET rule = 'transfer' WHERE f.org_id = p_org_id AND f.id = (v_done ->> 'follow_up_id')::uuid AND f.rule IS NULL;
    RETURN jsonb_build_object('outcome', v_outcome, 'follow_up', v_done ->> 'outcome' = 'message_taken', 'outbox', coalesce(v_done -> 'outbox', '[]'));
END
$$;
