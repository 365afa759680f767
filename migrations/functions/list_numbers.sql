-- The numbers a clinic is reached by: for calls (by what Vapi knows them) and, where it texts, the one texts come
-- from: {"items": [...]}.
CREATE OR REPLACE FUNCTION frontdesk.list_numbers(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org orgs := act_for(p_org_id);
BEGIN
    RETURN jsonb_build_object('items', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('kind', 'calls', 'number', n.number, 'phone_number_id', n.phone_number_id,
                                                     'assistant_id', n.assistant_id) ORDER BY n.id), '[]')
        FROM vapi_numbers n WHERE n.org_id = p_org_id)
        || CASE WHEN v_org.sms_sender IS NULL THEN '[]' ELSE jsonb_build_array(
               jsonb_build_object('kind', 'texts', 'number', v_org.sms_sender, 'phone_number_id', NULL, 'assistant_id', NULL)) END);
END
$$;
