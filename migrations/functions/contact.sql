-- One person; by a duplicate's id the contact it was merged into. Outcomes: found, not_found.
CREATE OR REPLACE FUNCTION frontdesk.contact(p_org_id uuid, p_contact_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_contact contacts;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_contact FROM contacts c WHERE c.org_id = p_org_id AND c.id = (person_ids(p_org_id, p_contact_id))[1];
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'found', 'contact', contact_json(v_contact));
END
$$;
