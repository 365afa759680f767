-- Begin a new generation of the clinic's derived Vapi secret (docs/decisions/0004); the one before stays accepted
-- for p_overlap_hours. Outcomes: rotated, invalid.
CREATE OR REPLACE FUNCTION frontdesk.rotate_vapi_secret(p_org_id uuid, p_overlap_hours integer DEFAULT 24) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_org orgs;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_overlap_hours IS NULL OR p_overlap_hours NOT BETWEEN 0 AND 720 THEN
        RETURN invalid_answer('overlap_between_0_and_720_hours', p_field => 'overlap_hours');
    END IF;
    UPDATE orgs o
    SET vapi_secret_generation = o.vapi_secret_generation + 1, previous_secret_expires_at = now() + make_interval(hours => p_overlap_hours)
    WHERE o.id = p_org_id
    RETURNING o.* INTO v_org;
    RETURN jsonb_build_object('outcome', 'rotated', 'generation', v_org.vapi_secret_generation,
        'previous_expires_at', v_org.previous_secret_expires_at);
END
$$;
