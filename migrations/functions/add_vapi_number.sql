-- Say which calls are this clinic's: by Vapi's phone number id, the called number, the assistant, or several.
-- Outcomes: added, taken (by any clinic; the rule says which of the three), invalid.
CREATE OR REPLACE FUNCTION frontdesk.add_vapi_number(p_org_id uuid, p_phone_number_id text, p_number text, p_assistant_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_id   uuid := new_id();
    v_rule text;
BEGIN
    PERFORM act_for(p_org_id);
    BEGIN
        INSERT INTO vapi_numbers (org_id, id, phone_number_id, number, assistant_id)
        VALUES (p_org_id, v_id, nullif(btrim(p_phone_number_id), ''), nullif(btrim(p_number), ''), nullif(btrim(p_assistant_id), ''));
    EXCEPTION
        WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
            RETURN jsonb_build_object('outcome', 'taken', 'rule', v_rule);
        WHEN check_violation THEN
            GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
            RETURN invalid_answer(v_rule);
    END;
    RETURN jsonb_build_object('outcome', 'added', 'id', v_id);
END
$$;
