-- The visit a patient's link opens (patient_visit_json), or null. Changes nothing: programs that look at links ask too.
CREATE OR REPLACE FUNCTION frontdesk.patient_visit(p_token_hash text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    RETURN patient_visit_json(patient_link(p_token_hash));
END
$$;
