-- Who signed in: {"staff", "org"} of their active membership, or null where they have none. Of several clinics
-- p_org_slug chooses, else the first by slug.
--
-- Somebody who was invited has no issuer and subject yet: the first sign-in with that address, verified (else
-- p_email is null), binds them, once. From then on the address does not matter: addresses are handed on, subjects
-- are not.
CREATE OR REPLACE FUNCTION frontdesk.staff_session(
    p_issuer   text,
    p_subject  text,
    p_email    text,
    p_org_slug text
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_invited record;
    v_staff   staff;
    v_org     orgs;
BEGIN
    -- A sign-in comes before the clinic is known.
    PERFORM set_config('app.scope', 'routing', true);
    FOR v_invited IN
        SELECT s.org_id, s.id FROM staff s
        WHERE s.email = lower(p_email) AND s.subject IS NULL AND s.revoked_at IS NULL
    LOOP
        PERFORM bind_staff(v_invited.org_id, v_invited.id, p_issuer, p_subject);
    END LOOP;
    SELECT s.* INTO v_staff
    FROM staff s
    JOIN orgs o ON o.id = s.org_id
    WHERE s.issuer = p_issuer AND s.subject = p_subject AND s.revoked_at IS NULL AND (p_org_slug IS NULL OR o.slug = p_org_slug)
    ORDER BY o.slug LIMIT 1;
    PERFORM set_config('app.scope', '', true);
    IF v_staff.id IS NULL THEN
        RETURN NULL;
    END IF;
    v_org := act_for(v_staff.org_id);
    -- Once a minute is often enough to tell who is still here.
    UPDATE staff s SET last_seen_at = now()
    WHERE s.org_id = v_org.id AND s.id = v_staff.id AND coalesce(s.last_seen_at < now() - interval '1 minute', true);
    RETURN jsonb_build_object(
        'staff', jsonb_build_object('id', v_staff.id, 'name', v_staff.name, 'email', v_staff.email, 'role', v_staff.role),
        'org', jsonb_build_object('id', v_org.id, 'slug', v_org.slug, 'name', v_org.name, 'time_zone', v_org.time_zone,
                                  'region', v_org.region, 'language', v_org.language));
END
$$;
