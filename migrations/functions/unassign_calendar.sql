-- Take a provider's calendar away: its busy times count no more, our coming events are deleted from it.
-- Outcomes: unassigned, not_found (the provider has none).
CREATE OR REPLACE FUNCTION frontdesk.unassign_calendar(p_org_id uuid, p_provider_id uuid, p_actor text DEFAULT 'system') RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_id     uuid;
    v_outbox jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    PERFORM lock_schedule(p_org_id, ARRAY[p_provider_id], NULL);
    SELECT c.id INTO v_id FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id = p_provider_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN '{"outcome": "not_found"}';
    END IF;
    PERFORM leave_calendar(p_org_id, v_id);
    v_outbox := queue_calendar_writes(p_org_id);
    RETURN jsonb_build_object('outcome', 'unassigned', 'outbox', v_outbox || record_change(
        p_org_id, 'calendar.assigned', NULL, NULL, NULL, 0, NULL, p_actor,
        jsonb_build_object('calendar_id', NULL, 'provider_id', p_provider_id), '{notify}'));
END
$$;
