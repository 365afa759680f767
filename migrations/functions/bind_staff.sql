-- Bind an invited person to the sign-in they came with. Nothing happens where a twin was faster, or where this
-- sign-in is somebody of that clinic already.
CREATE OR REPLACE FUNCTION frontdesk.bind_staff(p_org_id uuid, p_staff_id uuid, p_issuer text, p_subject text) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    PERFORM set_config('app.org_id', p_org_id::text, true);
    UPDATE frontdesk.staff s SET issuer = p_issuer, subject = p_subject
    WHERE s.org_id = p_org_id AND s.id = p_staff_id AND s.subject IS NULL AND s.revoked_at IS NULL
      AND NOT EXISTS (SELECT FROM frontdesk.staff x WHERE x.org_id = p_org_id AND x.issuer = p_issuer AND x.subject = p_subject);
END
$$;
