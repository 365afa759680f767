-- The clinic's connection and whose calendar is whose, for the board.
CREATE OR REPLACE FUNCTION frontdesk.google_connection(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN jsonb_build_object(
        'connection', coalesce(
            (SELECT jsonb_build_object('status', g.status, 'account_email', g.account_email, 'reason', g.reason, 'changed_at', g.changed_at)
             FROM google_connections g WHERE g.org_id = p_org_id),
            '{"status": "disconnected", "account_email": null, "reason": null, "changed_at": null}'),
        'items', coalesce(
            (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'provider_id', c.provider_id, 'provider_name', p.name,
                        'google_calendar_id', c.google_calendar_id, 'summary', c.summary, 'status', c.status,
                        'synced_at', c.synced_at, 'last_error_code', c.last_error_code) ORDER BY p.name)
             FROM calendars c JOIN providers p ON p.org_id = c.org_id AND p.id = c.provider_id
             WHERE c.org_id = p_org_id), '[]'),
        'next', NULL);
END
$$;
