-- The roles of an installation, created by a superuser in its database. May be repeated.
--   psql --username postgres --dbname ordinavo --file roles.sql
-- ordinavo_owner owns the tables and migrates them; ordinavo_app serves and may only read and write rows; ordinavo_backup reads
-- the rows of all tenants. Passwords: \password ordinavo_owner, and so on.
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ordinavo roles'));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ordinavo_owner') THEN
        CREATE ROLE ordinavo_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ordinavo_app') THEN
        CREATE ROLE ordinavo_app LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ordinavo_backup') THEN
        CREATE ROLE ordinavo_backup LOGIN BYPASSRLS;
    END IF;
    EXECUTE format('ALTER DATABASE %I OWNER TO ordinavo_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ordinavo_app, ordinavo_backup', current_database());
END
$$;
ALTER SCHEMA public OWNER TO ordinavo_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ordinavo_app, ordinavo_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE ordinavo_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ordinavo_app;
ALTER DEFAULT PRIVILEGES FOR ROLE ordinavo_owner IN SCHEMA public GRANT SELECT ON TABLES TO ordinavo_backup;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ordinavo_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO ordinavo_backup;
