-- One appointment as the board shows it (board_appointments), or null where the clinic has none of that id.
CREATE OR REPLACE FUNCTION frontdesk.appointment(p_org_id uuid, p_appointment_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN board_appointments(p_org_id, ARRAY[p_appointment_id]) -> 0;
END
$$;
