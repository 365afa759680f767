-- Why this text must not be sent now, or null: asked before it is worded (next_sms) and once more, under the
-- patient's lock, before it is claimed (claim_sms).
-- no_sender, expired, opted_out, not_live, moved: never again.  paused, quiet: later.
CREATE OR REPLACE FUNCTION frontdesk.sms_obstacle(p_org frontdesk.orgs, p_text frontdesk.sms_messages) RETURNS text
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    v_visit frontdesk.appointments;
BEGIN
    IF p_org.sms_sender IS NULL THEN
        RETURN 'no_sender';
    ELSIF frontdesk.is_opted_out(p_text.org_id, p_text.phone) THEN
        RETURN 'opted_out';
    END IF;
    IF p_text.appointment_id IS NOT NULL THEN
        SELECT a.* INTO v_visit FROM frontdesk.appointments a WHERE a.org_id = p_text.org_id AND a.id = p_text.appointment_id;
        IF p_text.kind <> 'cancelled' AND v_visit.status NOT IN ('pending', 'confirmed') THEN
            RETURN 'not_live';
        -- A newer text tells the newer time; a confirmation raises the version too and makes no text out of date.
        ELSIF v_visit.time_version > p_text.version OR (p_text.kind = 'cancelled' AND v_visit.status <> 'cancelled') THEN
            RETURN 'moved';
        END IF;
    ELSIF p_text.follow_up_id IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM frontdesk.follow_ups f
                       WHERE f.org_id = p_text.org_id AND f.id = p_text.follow_up_id AND f.status = 'open') THEN
            RETURN 'not_live';
        END IF;
    END IF;
    RETURN CASE
        WHEN p_text.valid_until <= clock_timestamp() THEN 'expired'
        WHEN p_org.sms_paused_reason IS NOT NULL THEN 'paused'
        WHEN p_text.kind = 'reminder'
             AND frontdesk.after_quiet_hours(now(), p_org.time_zone, p_org.quiet_from, p_org.quiet_until) > now() THEN 'quiet'
    END;
END
$$;
