-- A note about a person, with who wrote it.
CREATE OR REPLACE FUNCTION frontdesk.note_json(p_note frontdesk.contact_notes) RETURNS jsonb
LANGUAGE sql VOLATILE
AS $$
    SELECT jsonb_build_object(
        'id', p_note.id, 'contact_id', p_note.contact_id, 'body', p_note.body, 'created_at', p_note.created_at,
        'staff_id', p_note.staff_id, 'staff_name', frontdesk.actor_name(p_note.org_id, 'staff:' || p_note.staff_id))
$$;
