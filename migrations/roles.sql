-- The three roles, made when missing: the owner of everything, what the functions sign in as, and the operator. Run by the migrating login, which on AWS is not a superuser: it may create
-- roles (CREATEROLE) and no more. Everything here is a no-op the second time, so that runs beside each other do not
-- fight over rows of the catalogs that all databases of a server share.

DO $$
DECLARE
    wanted constant text[] := ARRAY[
        'statement_timeout=8s',
        'lock_timeout=3s',
        'idle_in_transaction_session_timeout=10s',
        'timezone=UTC',
        -- Every statement of the functions is good with one plan for all values. Left to choose, Postgres plans each
        -- five times on every new connection, and some for ever (measured: a quarter of a fresh backend's first
        -- 25 bookings, 5 % of a refusal, and no slower slot search on 100 thousand appointments).
        'plan_cache_mode=force_generic_plan',
        'search_path=""'];
    setting text;
    present text[];
    membership text;
    login text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'frontdesk_owner') THEN
        CREATE ROLE frontdesk_owner NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'frontdesk_app') THEN
        CREATE ROLE frontdesk_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'frontdesk_operator') THEN
        CREATE ROLE frontdesk_operator LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
    END IF;

    -- Row security is the wall between clinics: a role that walks through it must not be taken for ours.
    IF EXISTS (
        SELECT FROM pg_catalog.pg_roles
        WHERE rolname IN ('frontdesk_owner', 'frontdesk_app', 'frontdesk_operator') AND (rolsuper OR rolbypassrls)
    ) THEN
        RAISE EXCEPTION 'frontdesk_owner, frontdesk_app or frontdesk_operator may bypass row security: ALTER ROLE ... NOSUPERUSER NOBYPASSRLS';
    END IF;

    -- Until 15 being a member is enough for SET ROLE. From 16 on, whoever creates a role administers it and must
    -- grant itself the right to become it.
    membership := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    IF NOT pg_catalog.pg_has_role(current_user, 'frontdesk_owner', membership) THEN
        EXECUTE pg_catalog.format('GRANT frontdesk_owner TO %I', current_user);
    END IF;

    FOREACH login IN ARRAY ARRAY['frontdesk_app', 'frontdesk_operator'] LOOP
        -- Settings of the role, not of the session: a SET would pin the connection at RDS Proxy.
        SELECT coalesce(rolconfig, '{}') INTO present FROM pg_catalog.pg_roles WHERE rolname = login;
        FOREACH setting IN ARRAY wanted LOOP
            -- Postgres writes some names with capitals (TimeZone).
            IF NOT EXISTS (SELECT FROM unnest(present) AS p WHERE lower(p) = lower(setting)) THEN
                EXECUTE pg_catalog.format(
                    'ALTER ROLE %I SET %I = %s', login,
                    split_part(setting, '=', 1),
                    CASE split_part(setting, '=', 2) WHEN '""' THEN quote_literal('') ELSE quote_literal(split_part(setting, '=', 2)) END);
            END IF;
        END LOOP;

        -- On RDS a login proves itself by an IAM token instead of a password.
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_iam')
            AND NOT pg_catalog.pg_has_role(login, 'rds_iam', 'MEMBER') THEN
            EXECUTE pg_catalog.format('GRANT rds_iam TO %I', login);
        END IF;
        IF NOT pg_catalog.has_database_privilege(login, current_database(), 'CONNECT') THEN
            EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), login);
        END IF;
    END LOOP;

    -- Everybody may make temporary tables unless told otherwise, and they could shadow ours by name.
    IF pg_catalog.has_database_privilege('frontdesk_app', current_database(), 'TEMPORARY') THEN
        EXECUTE pg_catalog.format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'frontdesk') THEN
        CREATE SCHEMA frontdesk AUTHORIZATION frontdesk_owner;
    END IF;
END
$$;
