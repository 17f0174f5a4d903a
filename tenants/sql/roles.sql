-- Run once by a superuser in the new database (`rufverbund db prepare` prints or runs it); running it again is harmless.
-- {database} is the database's name, {login:NAME} the SCRAM verifier of a login. Municipalities' logins follow at provisioning.
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY '{owner,migrator,tenant,front,desk_web,operator_web,telephony,worker,listener}'::text[] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I', r); END IF;
    END LOOP;
END $$;
ALTER ROLE owner NOLOGIN CREATEROLE;                  -- owns every schema and table
ALTER ROLE tenant NOLOGIN;                            -- what every municipality may do in public
ALTER ROLE migrator LOGIN PASSWORD '{login:migrator}';                   -- migrations and provisioning
ALTER ROLE migrator SET role = owner;
ALTER ROLE front LOGIN NOINHERIT PASSWORD '{login:front}';               -- host look-up, sign-in, memberships
ALTER ROLE desk_web LOGIN NOINHERIT PASSWORD '{login:desk_web}';         -- agents and supervisors; member of nothing
ALTER ROLE operator_web LOGIN NOINHERIT PASSWORD '{login:operator_web}'; -- centres, municipalities, states; never drafts
ALTER ROLE telephony LOGIN NOINHERIT PASSWORD '{login:telephony}';       -- webhook, reaper, bridge
ALTER ROLE worker LOGIN NOINHERIT PASSWORD '{login:worker}';             -- background jobs
ALTER ROLE listener LOGIN NOINHERIT PASSWORD '{login:listener}';         -- reads the outbox, one connection per process
GRANT owner TO migrator;
GRANT tenant TO owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
ALTER DATABASE {database} OWNER TO owner;
ALTER SCHEMA public OWNER TO owner;
ALTER DATABASE {database} SET timezone = 'UTC';       -- else Django sends set_config('TimeZone') for each connection
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- Doors that PUBLIC has by default.
REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC;            -- pg_temp comes first in every search_path
GRANT CONNECT ON DATABASE {database} TO migrator, tenant, front, desk_web, operator_web, telephony, worker, listener;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION set_config(text, text, boolean) FROM PUBLIC;  -- SET ROLE that fits into a SELECT
GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO owner, migrator;
REVOKE UPDATE ON pg_settings FROM PUBLIC;             -- a rule that calls set_config
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;         -- DO blocks
GRANT USAGE ON LANGUAGE plpgsql TO owner;
DO $$
DECLARE f regprocedure; t regclass;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
             AND proname ~ '^(pg_(try_)?advisory_|lo_|loread|lowrite|pg_notify$)' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC; GRANT EXECUTE ON FUNCTION %1$s TO owner', f);
    END LOOP;
    FOREACH t IN ARRAY '{pg_namespace,pg_class,pg_proc,pg_attribute,pg_roles,pg_user,pg_group,pg_auth_members,pg_shdescription,pg_locks,
        pg_tables,pg_views,pg_indexes,pg_sequences,pg_stat_activity,pg_stat_all_tables,pg_stat_user_tables,pg_statio_all_tables,
        pg_stat_all_indexes,pg_stat_user_indexes,pg_largeobject_metadata,pg_prepared_xacts}'::regclass[] LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM PUBLIC; GRANT SELECT ON %1$s TO owner', t);  -- names and sizes of others
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO front, operator_web, telephony, worker;  -- procrastinate's triggers
