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
              'apply_sms_status',
              'book_appointment_atomic',
              'cancel_appointment_atomic',
              'claim_outbox',
              'claim_sms',
              'confirm_appointment',
              'create_follow_up',
              'current_credentials',
              'find_slots',
              'follow_up_missed',
              'lookup_appointments',
              'mark_outbox_dead',
              'mark_outbox_failed',
              'mark_outbox_sent',
              'next_sms',
              'org_for_call',
              'outbox_backlog',
              'queue_due_reminders',
              'receive_sms',
              'record_sms',
              'reschedule_appointment_atomic',
              'sms_routing',
              'sms_templates_of',
              'sweep_retention',
              'sweep_sms'
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
              'add_vapi_number',
              'create_org',
              'credentials_of',
              'current_credentials',
              'list_orgs',
              'org_settings',
              'resume_sms',
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
