-- Make every link to a visit's own page useless from now on. Returns how many that were.
CREATE OR REPLACE FUNCTION frontdesk.revoke_patient_links(p_org_id uuid, p_appointment_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_count integer;
BEGIN
    PERFORM act_for(p_org_id);
    UPDATE patient_links l SET revoked_at = now()
    WHERE l.org_id = p_org_id AND l.appointment_id = p_appointment_id AND l.revoked_at IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN jsonb_build_object('revoked', v_count);
END
$$;
