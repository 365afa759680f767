-- Close the clinic, or one provider, from one moment to another. Visits already booked stay: the staff decide
-- about them. Outcomes: added, invalid.
CREATE OR REPLACE FUNCTION frontdesk.add_closure(
    p_org_id    uuid,
    p_starts_at timestamptz,
    p_ends_at   timestamptz,
    p_provider  text DEFAULT NULL,     -- id or name; null: the whole clinic
    p_reason    text DEFAULT ''
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_id          uuid := new_id();
    v_provider_id uuid;
BEGIN
    PERFORM act_for(p_org_id);
    IF p_provider IS NOT NULL THEN
        v_provider_id := find_provider(p_org_id, p_provider);
        IF v_provider_id IS NULL THEN
            RETURN invalid_answer('unknown_provider', p_field => 'provider');
        END IF;
    END IF;
    IF p_starts_at IS NULL OR p_ends_at IS NULL OR p_ends_at <= p_starts_at THEN
        RETURN invalid_answer('closures_half_open', p_field => 'ends_at');
    END IF;
    INSERT INTO closures (org_id, id, provider_id, during, reason)
    VALUES (p_org_id, v_id, v_provider_id, tstzrange(p_starts_at, p_ends_at), coalesce(btrim(p_reason), ''));
    RETURN jsonb_build_object('outcome', 'added', 'id', v_id);
END
$$;
