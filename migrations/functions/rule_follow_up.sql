-- Make the follow-up of a rule about a visit, due in the clinic's hours (rule_due_at). False: it was there already.
-- The words hold no name: whom to call stands beside them.
CREATE OR REPLACE FUNCTION frontdesk.rule_follow_up(
    p_org_id         uuid,
    p_rule           text,
    p_subject        text,
    p_appointment_id uuid,
    p_code           text                      -- failed_text: Twilio's error
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_zone  text := (SELECT o.time_zone FROM frontdesk.orgs o WHERE o.id = p_org_id);
    v_visit frontdesk.appointments;
    v_phone text;
    v_at    text;
    v_made  jsonb;
BEGIN
    SELECT * INTO v_visit FROM frontdesk.appointments a WHERE a.org_id = p_org_id AND a.id = p_appointment_id;
    SELECT c.phone INTO v_phone FROM frontdesk.contacts c WHERE c.org_id = p_org_id AND c.id = v_visit.contact_id;
    v_at := to_char(v_visit.starts_at AT TIME ZONE v_zone, 'FMDay, FMMonth FMDD, FMHH12:MI AM');
    v_made := frontdesk.create_follow_up(
        p_org_id,
        CASE p_rule
            WHEN 'no_show' THEN 'Did not come on ' || v_at || '. Please call and offer another time.'
            WHEN 'failed_text' THEN 'The text about the visit on ' || v_at || ' did not arrive' || coalesce(' (' || p_code || ')', '')
                                    || '. Please call.' END,
        frontdesk.rule_due_at(p_org_id, now()), v_phone, v_visit.patient_name,
        -- A visit tomorrow that nobody was told of is the more pressing.
        CASE WHEN p_rule = 'failed_text' THEN 'same_day' ELSE 'routine' END,
        -- The message names times: without a hash of its own a repetition would count as another request.
        p_idempotency_key => 'rule:' || p_rule || ':' || p_subject, p_request_hash => 'rule', p_source => 'rule', p_actor => 'system');
    IF v_made -> 'replayed' IS NOT NULL THEN
        RETURN false;   -- another dispatch is at it
    END IF;
    UPDATE frontdesk.follow_ups f SET rule = p_rule, rule_subject = p_subject
    WHERE f.org_id = p_org_id AND f.id = (v_made ->> 'follow_up_id')::uuid;
    RETURN true;
END
$$;
