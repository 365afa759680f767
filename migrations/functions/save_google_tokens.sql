-- Connect a clinic with a Google account: store both sealed tokens, and queue what waited or was never done (every
-- appointment that is not in Google as it should be, the full reading of every calendar).
-- Outcomes: saved, version_conflict (with refresh_version and access_version: seal again and repeat).
CREATE OR REPLACE FUNCTION frontdesk.save_google_tokens(
    p_org_id          uuid,
    p_staff_id        uuid,
    p_account_email   text,
    p_scopes          text[],
    p_expires_seconds integer,     -- of the access token
    p_refresh         jsonb,       -- {version, key_id, wrapped_key, nonce, ciphertext}, the last three in base64
    p_access          jsonb
) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = frontdesk, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    v_outbox jsonb;
BEGIN
    PERFORM act_for(p_org_id);
    INSERT INTO google_connections (org_id, status) VALUES (p_org_id, 'disconnected') ON CONFLICT DO NOTHING;
    PERFORM FROM google_connections g WHERE g.org_id = p_org_id FOR UPDATE;
    IF (p_refresh ->> 'version')::integer IS DISTINCT FROM next_credential_version(p_org_id, 'google')
        OR (p_access ->> 'version')::integer IS DISTINCT FROM next_credential_version(p_org_id, 'google_access') THEN
        RETURN jsonb_build_object('outcome', 'version_conflict', 'refresh_version', next_credential_version(p_org_id, 'google'),
                                  'access_version', next_credential_version(p_org_id, 'google_access'));
    END IF;
    PERFORM keep_google_credential(p_org_id, 'google', p_refresh), keep_google_credential(p_org_id, 'google_access', p_access);
    UPDATE google_connections g
    SET status = 'connected', reason = NULL, account_email = p_account_email, scopes = p_scopes, connected_by = p_staff_id,
        connected_at = now(), access_expires_at = now() + make_interval(secs => p_expires_seconds),
        refresh_lease = NULL, refresh_lease_until = NULL, quiet_until = NULL, changed_at = now()
    WHERE g.org_id = p_org_id;
    -- Another account, or other rights: what was gone may be there again, and a sync token is the account's.
    UPDATE calendars c
    SET status = 'syncing', sync_token = NULL, last_error_code = NULL, next_poll_at = now() + interval '15 minutes'
    WHERE c.org_id = p_org_id AND c.provider_id IS NOT NULL;
    -- A channel ends with the grant it was opened under: however fresh it looks, the next one is due.
    UPDATE watch_channels w SET renew_at = now() WHERE w.org_id = p_org_id AND w.state = 'active';
    v_outbox := queue_calendar_writes(p_org_id)
        || queue_calendar_sync(p_org_id, (SELECT array_agg(c.id) FROM calendars c WHERE c.org_id = p_org_id AND c.provider_id IS NOT NULL));
    RETURN jsonb_build_object('outcome', 'saved', 'outbox', v_outbox || record_change(
        p_org_id, 'calendar.connected', NULL, NULL, NULL, 0, NULL, coalesce('staff:' || p_staff_id, 'system'), '{}', '{notify}'));
END
$$;
