-- Fill a contact's missing e-mail address from what was said in a call. Never where staff have changed the contact: then
-- a gap is a gap they left. The name stays as it was booked under; what else was said stands beside (contact_facts).
CREATE OR REPLACE FUNCTION frontdesk.enrich_contact(p_call frontdesk.calls) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_version integer;
BEGIN
    UPDATE frontdesk.contacts c
    SET email = f.value, version = c.version + 1, updated_at = now()
    FROM frontdesk.contact_facts f
    WHERE c.org_id = p_call.org_id AND c.id = p_call.contact_id AND c.email IS NULL
      AND c.phone = p_call.phone   -- who spoke; a parent may have booked for a contact of another number
      AND f.org_id = p_call.org_id AND f.source = 'call:' || p_call.id AND f.field = 'email'
      AND NOT EXISTS (SELECT FROM frontdesk.events e
                      WHERE e.org_id = p_call.org_id AND e.contact_id = c.id AND e.type = 'contact.changed' AND e.actor LIKE 'staff:%')
    RETURNING c.version INTO v_version;
    IF NOT FOUND THEN
        RETURN '[]';
    END IF;
    RETURN frontdesk.record_change(p_call.org_id, 'contact.changed', NULL, NULL, p_call.contact_id, v_version, p_call.vapi_call_id,
                                   'voice', '{"fields": ["email"]}', '{notify}');
END
$$;
