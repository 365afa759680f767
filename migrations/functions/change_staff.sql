-- Change the role or the name of somebody who works here. Outcomes: changed, not_found, last_admin, invalid.
CREATE OR REPLACE FUNCTION frontdesk.change_staff(p_org_id uuid, p_staff_id uuid, p_changes jsonb, p_actor text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_field text := unknown_field(p_changes, '{name,role}');
    v_row   staff;
    v_rule  text;
BEGIN
    PERFORM act_for(p_org_id);
    IF v_field IS NOT NULL THEN
        RETURN invalid_answer('unknown_field', p_field => v_field);
    ELSIF p_changes ->> 'role' <> 'admin' AND is_last_admin(p_org_id, p_staff_id) THEN
        RETURN '{"outcome": "last_admin"}';
    END IF;
    BEGIN
        UPDATE staff s SET name = coalesce(btrim(p_changes ->> 'name'), s.name), role = coalesce(p_changes ->> 'role', s.role)
        WHERE s.org_id = p_org_id AND s.id = p_staff_id AND s.revoked_at IS NULL
        RETURNING * INTO v_row;
    EXCEPTION WHEN check_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
        RETURN invalid_answer(v_rule, p_field => CASE v_rule WHEN 'staff_role_known' THEN 'role' ELSE 'name' END);
    END;
    IF v_row.id IS NULL THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    RETURN jsonb_build_object('outcome', 'changed', 'staff', staff_json(v_row), 'outbox', record_change(
        p_org_id, 'staff.changed', NULL, NULL, NULL, 1, NULL, p_actor, jsonb_build_object('staff_id', v_row.id, 'role', v_row.role), '{notify}'));
END
$$;
