-- What the runtime role may do: call the functions that are the API, and nothing else.
-- Re-applied after every change; the list below is the whole truth (anything not named is revoked).

REVOKE ALL ON ALL TABLES IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA frontdesk FROM PUBLIC, frontdesk_app;

GRANT USAGE ON SCHEMA frontdesk TO frontdesk_app;

DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT oid::regprocedure
        FROM pg_proc
        WHERE pronamespace = 'frontdesk'::regnamespace
          AND proname IN (
              'book_appointment_atomic',
              'cancel_appointment_atomic',
              'create_follow_up',
              'find_slots',
              'lookup_appointments',
              'org_for_call',
              'reschedule_appointment_atomic'
          )
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO frontdesk_app', v_function);
    END LOOP;
END $$;
