-- A clinic's own wordings; what is not listed is worded by the worker's defaults.
CREATE OR REPLACE FUNCTION frontdesk.sms_templates_of(p_org_id uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
AS $$
BEGIN
    PERFORM act_for(p_org_id);
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('event', t.event, 'language', t.language, 'body', t.body, 'updated_at', t.updated_at)
                                      ORDER BY t.event, t.language), '[]')
            FROM sms_templates t WHERE t.org_id = p_org_id);
END
$$;
