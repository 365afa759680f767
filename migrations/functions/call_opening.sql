-- What the agent may know when the phone rings: which assistant the clinic's number has, who calls from this number
-- and their next appointment. A number can be faked: the prompt has the agent verify before it tells anything.
CREATE OR REPLACE FUNCTION frontdesk.call_opening(
    p_org_id          uuid,
    p_phone           text,
    p_phone_number_id text,
    p_called_number   text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org     orgs;
    v_contact contacts;
BEGIN
    v_org := act_for(p_org_id);
    SELECT * INTO v_contact FROM contacts c WHERE c.org_id = p_org_id AND c.phone = p_phone;
    RETURN jsonb_build_object(
        'assistant_id', (
            SELECT n.assistant_id FROM vapi_numbers n
            WHERE n.org_id = p_org_id AND n.assistant_id IS NOT NULL
            ORDER BY (n.phone_number_id = p_phone_number_id) IS TRUE DESC, (n.number = p_called_number) IS TRUE DESC, n.id LIMIT 1),
        'caller_name', v_contact.name,
        'front_desk_phone', v_org.front_desk_phone,
        'next_appointment', (
            SELECT appointment_json(p_org_id, a.id) FROM appointments a
            WHERE a.org_id = p_org_id AND a.contact_id = v_contact.id AND a.status IN ('pending', 'confirmed') AND a.starts_at > now()
            ORDER BY a.starts_at, a.id LIMIT 1));
END
$$;
