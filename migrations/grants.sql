-- What the two logins may do: call the functions that are their API, and nothing else.
-- Re-applied after every change; the lists below are the whole truth (anything not named is revoked).

REVOKE ALL ON ALL TABLES IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app, frontdesk_operator;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app, frontdesk_operator;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app, frontdesk_operator;

GRANT USAGE ON SCHEMA frontdesk TO frontdesk_app, frontdesk_operator;

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    -- The deployed functions (Lambda).
    FOR v_function IN
        SELECT oid::regprocedure
        FROM pg_proc
        WHERE pronamespace = 'frontdesk'::regnamespace
          AND proname IN (
              'add_follow_up',
              'apply_calendar_changes',
              'apply_sms_status',
              'appointment',
              'appointment_deleted_in_google',
              'assign_calendar',
              'begin_calendar_sync',
              'begin_watch',
              'board_settings',
              'board_summary',
              'book_appointment_atomic',
              'calendar_mirror',
              'call_details',
              'call_opening',
              'cancel_appointment_atomic',
              'change_contact',
              'change_follow_up',
              'change_lead',
              'change_settings',
              'change_staff',
              'change_template',
              'changed_calendar_events',
              'claim_calendar_write',
              'claim_google_refresh',
              'claim_outbox',
              'claim_sms',
              'clinic_hours',
              'close_connections',
              'close_staff_connections',
              'confirm_appointment',
              'connect_google',
              'connection_seen',
              'contact',
              'contact_timeline',
              'create_follow_up',
              'create_ws_ticket',
              'current_credentials',
              'delete_closure',
              'disconnect_google',
              'erase_contact',
              'events_after',
              'export_contact',
              'find_slots',
              'finish_follow_up',
              'follow_up_missed',
              'google_access',
              'google_connection',
              'greet_connection',
              'insight',
              'invite_staff',
              'list_appointments',
              'list_calls',
              'list_closures',
              'list_contacts',
              'list_facts',
              'list_follow_ups',
              'list_leads',
              'list_messages',
              'list_numbers',
              'list_providers',
              'list_services',
              'list_staff',
              'lookup_appointments',
              'make_patient_link',
              'mark_outbox_dead',
              'mark_outbox_failed',
              'mark_outbox_sent',
              'merge_contacts',
              'miss_follow_up',
              'missed_events',
              'next_calendar_work',
              'next_push',
              'next_sms',
              'note_appointment',
              'note_calendar_push',
              'note_contact',
              'org_for_call',
              'outbox_backlog',
              'patient_change',
              'patient_slots',
              'patient_visit',
              'pause_google',
              'queue_due_calendar_work',
              'queue_due_follow_ups',
              'queue_due_reminders',
              'queue_due_twilio_deletions',
              'receive_sms',
              'record_calendar_comparison',
              'record_calendar_write',
              'record_call',
              'record_sms',
              'record_twilio_deletion',
              'record_watch',
              'redeem_ws_ticket',
              'reschedule_appointment_atomic',
              'resend_sms',
              'revoke_patient_links',
              'revoke_staff_member',
              'save_closure',
              'save_google_access',
              'save_google_tokens',
              'save_hours',
              'save_provider',
              'save_service',
              'set_appointment_status',
              'settle_calls',
              'sms_routing',
              'sms_templates_of',
              'staff_session',
              'stop_calendar_sync',
              'sweep_connections',
              'sweep_retention',
              'sweep_sms',
              'take_oauth_state',
              'take_over_calendar_move',
              'transfer_call',
              'unassign_calendar',
              'watch_channel',
              'watch_stopped'
          )
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO frontdesk_app', v_function);
    END LOOP;

    -- The person who sets clinics up (`frontdesk org ...`): what they may set, and no patient.
    FOR v_function IN
        SELECT oid::regprocedure
        FROM pg_proc
        WHERE pronamespace = 'frontdesk'::regnamespace
          AND proname IN (
              'add_closure',
              'add_provider',
              'add_service',
              'add_staff',
              'add_vapi_number',
              'create_org',
              'credentials_of',
              'current_credentials',
              'list_orgs',
              'org_settings',
              'resume_sms',
              'revoke_staff',
              'rewrap_credentials',
              'rotate_vapi_secret',
              'save_sms_template',
              'set_credentials',
              'set_hours',
              'set_sms',
              'sms_templates_of'
          )
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO frontdesk_operator', v_function);
    END LOOP;
END $$;
