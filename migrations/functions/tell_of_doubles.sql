-- Tell the front desk of each coming visit that these new busy blocks lie over: a meeting that was there first would
-- have refused it. Called under the provider's lock. Once for a meeting and a visit at its time.
CREATE OR REPLACE FUNCTION frontdesk.tell_of_doubles(p_org frontdesk.orgs, p_block_ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_found  record;
    v_outbox jsonb := '[]';
BEGIN
    FOR v_found IN
        SELECT DISTINCT ON (a.id) a AS visit, b.external_id
        FROM frontdesk.busy_blocks b
        JOIN frontdesk.appointments a ON a.org_id = b.org_id AND a.provider_id = b.provider_id
            AND a.status IN ('pending', 'confirmed', 'arrived') AND a.during && b.during
            -- As in free_providers: bounds that the index knows, from the table's checks.
            AND a.starts_at > greatest(now(), lower(b.during) - interval '10 hours') AND a.starts_at < upper(b.during) + interval '2 hours'
        WHERE b.org_id = p_org.id AND b.id = ANY (p_block_ids)
        ORDER BY a.id, b.external_id
    LOOP
        v_outbox := v_outbox || frontdesk.calendar_follow_up(p_org, v_found.visit,
            'double:' || (v_found.visit).id || ':' || (v_found.visit).time_version || ':' || md5(v_found.external_id),
            '{provider} has something else in Google Calendar over the visit on {time}. Move one of the two.');
    END LOOP;
    RETURN v_outbox;
END
$$;
