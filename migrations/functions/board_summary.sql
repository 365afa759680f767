-- What a board needs when it opens: who looks at it and where else they work, the clinic, its providers and
-- services, the last event's number (all that is shown was read after it), and whether Google and texts are well.
CREATE OR REPLACE FUNCTION frontdesk.board_summary(p_org_id uuid, p_staff_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
DECLARE
    v_org   orgs;
    v_staff staff;
    v_seq   bigint;
    v_orgs  jsonb;
BEGIN
    v_org := act_for(p_org_id);
    -- First: what commits after this is told to the board as an event.
    SELECT n.last_seq INTO v_seq FROM event_counters n WHERE n.org_id = p_org_id;
    SELECT s.* INTO v_staff FROM staff s WHERE s.org_id = p_org_id AND s.id = p_staff_id;
    -- Their other clinics: their own memberships and nothing else is looked for.
    PERFORM set_config('app.scope', 'routing', true);
    SELECT coalesce(jsonb_agg(jsonb_build_object('slug', o.slug, 'name', o.name, 'role', s.role) ORDER BY o.slug), '[]')
    INTO v_orgs
    FROM staff s
    JOIN orgs o ON o.id = s.org_id
    WHERE s.issuer = v_staff.issuer AND s.subject = v_staff.subject AND s.revoked_at IS NULL;
    PERFORM set_config('app.scope', '', true);
    RETURN jsonb_build_object(
        'staff', jsonb_build_object('id', v_staff.id, 'name', v_staff.name, 'email', v_staff.email, 'role', v_staff.role),
        'org', jsonb_build_object(
            'id', v_org.id, 'slug', v_org.slug, 'name', v_org.name, 'time_zone', v_org.time_zone, 'language', v_org.language,
            'region', v_org.region, 'slot_grid_minutes', v_org.slot_grid_minutes, 'front_desk_phone', v_org.front_desk_phone),
        'orgs', v_orgs,
        'providers', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id, 'name', p.name, 'active', p.active,
                'service_ids', (SELECT coalesce(jsonb_agg(ps.service_id ORDER BY ps.service_id), '[]')
                                FROM provider_services ps WHERE ps.org_id = p_org_id AND ps.provider_id = p.id)) ORDER BY p.name, p.id), '[]')
            FROM providers p WHERE p.org_id = p_org_id),
        'services', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'name', s.name, 'duration_minutes', s.duration_minutes,
                                                         'active', s.active) ORDER BY s.name, s.id), '[]')
            FROM services s WHERE s.org_id = p_org_id),
        'last_seq', coalesce(v_seq, 0),
        'google', coalesce(
            (SELECT jsonb_build_object('status', g.status, 'reason', g.reason, 'account_email', g.account_email)
             FROM google_connections g WHERE g.org_id = p_org_id),
            '{"status": "disconnected", "reason": null, "account_email": null}'),
        'sms', jsonb_build_object('paused_reason', v_org.sms_paused_reason),
        'follow_ups', follow_up_counts(p_org_id),
        'now', now());
END
$$;
