-- Say that two contacts are one person: p_contact_id stays, p_other_id from now on stands for it. Nothing is moved, so
-- nothing of either's history changes: whoever asks for the person gets what both have (person_ids), the other number
-- still finds its visits when it calls, and is texted about what it booked. What the one that stays does not say
-- (e-mail, birthday) it takes from the other.
-- Outcomes: merged (also when they were), not_found, version_conflict (with the contact now), same, erased.
CREATE OR REPLACE FUNCTION frontdesk.merge_contacts(
    p_org_id     uuid,
    p_contact_id uuid,
    p_other_id   uuid,
    p_version    integer,                      -- of the one that stays
    p_actor      text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_keep  contacts;
    v_other contacts;
BEGIN
    PERFORM act_for(p_org_id);
    PERFORM FROM contacts c WHERE c.org_id = p_org_id AND c.id IN (p_contact_id, p_other_id) ORDER BY c.id FOR UPDATE;
    SELECT * INTO v_keep FROM contacts c WHERE c.org_id = p_org_id AND c.id = (person_ids(p_org_id, p_contact_id))[1];
    SELECT * INTO v_other FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_other_id;
    IF v_keep.id IS NULL OR v_other.id IS NULL THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF p_contact_id = p_other_id THEN
        RETURN '{"outcome": "same"}';
    ELSIF v_other.merged_into = v_keep.id THEN
        RETURN jsonb_build_object('outcome', 'merged', 'contact', contact_json(v_keep), 'outbox', '[]'::jsonb);
    ELSIF p_version IS DISTINCT FROM v_keep.version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'contact', contact_json(v_keep));
    ELSIF v_keep.id = v_other.id OR v_other.merged_into IS NOT NULL THEN
        RETURN '{"outcome": "same"}';          -- the other is, or belongs to, somebody already
    ELSIF v_keep.erased_at IS NOT NULL OR v_other.erased_at IS NOT NULL THEN
        RETURN '{"outcome": "erased"}';
    END IF;
    UPDATE contacts c SET merged_into = v_keep.id, version = c.version + 1, updated_at = now()
    WHERE c.org_id = p_org_id AND (c.id = v_other.id OR c.merged_into = v_other.id);
    UPDATE contacts c
    SET email = coalesce(c.email, v_other.email), date_of_birth = coalesce(c.date_of_birth, v_other.date_of_birth),
        version = c.version + 1, updated_at = now()
    WHERE c.org_id = p_org_id AND c.id = v_keep.id
    RETURNING * INTO v_keep;
    RETURN jsonb_build_object('outcome', 'merged', 'contact', contact_json(v_keep), 'outbox', record_change(
        p_org_id, 'contact.merged', NULL, NULL, v_keep.id, v_keep.version, NULL, p_actor, jsonb_build_object('other_id', v_other.id), '{notify}'));
END
$$;
