-- Change what staff decide of a lead. Null leaves a value as it is; a note of '' takes it away.
-- Outcomes: changed, unchanged, not_found, version_conflict (with 'current'), invalid (with 'field').
CREATE OR REPLACE FUNCTION frontdesk.change_lead(
    p_org_id  uuid,
    p_lead_id uuid,
    p_version integer,
    p_actor   text,
    p_status  text DEFAULT NULL,
    p_note    text DEFAULT NULL,
    p_name    text DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_before leads;
    v_lead   leads;
BEGIN
    PERFORM act_for(p_org_id);
    SELECT * INTO v_before FROM leads l WHERE l.org_id = p_org_id AND l.id = p_lead_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    ELSIF v_before.version <> p_version THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'current', lead_json(v_before));
    ELSIF p_status NOT IN ('new', 'contacted', 'booked', 'lost', 'do_not_call') THEN
        RETURN '{"outcome": "invalid", "field": "status"}';
    ELSIF length(p_note) > 2000 THEN
        RETURN '{"outcome": "invalid", "field": "note"}';
    ELSIF length(btrim(p_name)) NOT BETWEEN 1 AND 120 THEN
        RETURN '{"outcome": "invalid", "field": "name"}';
    END IF;
    UPDATE leads l
    SET status = coalesce(p_status, l.status),
        status_at = CASE WHEN p_status <> l.status THEN now() ELSE l.status_at END,
        note = CASE WHEN p_note IS NULL THEN l.note ELSE nullif(btrim(p_note), '') END,
        name = coalesce(btrim(p_name), l.name)
    WHERE l.org_id = p_org_id AND l.id = p_lead_id
    RETURNING * INTO v_lead;
    IF v_lead IS NOT DISTINCT FROM v_before THEN
        RETURN jsonb_build_object('outcome', 'unchanged', 'lead', lead_json(v_lead));
    END IF;
    UPDATE leads l SET version = l.version + 1, updated_at = now() WHERE l.org_id = p_org_id AND l.id = p_lead_id RETURNING * INTO v_lead;
    IF p_name IS NOT NULL THEN
        INSERT INTO contact_facts (org_id, source, field, value, phone, contact_id) VALUES (p_org_id, p_actor, 'name', v_lead.name, v_lead.phone, v_lead.contact_id)
        ON CONFLICT (org_id, source, field) DO UPDATE SET value = excluded.value, at = now();
    END IF;
    RETURN jsonb_build_object('outcome', 'changed', 'lead', lead_json(v_lead), 'outbox', lead_event(v_lead, 'lead.changed', NULL, p_actor));
END
$$;
