-- The runtime: what every connection of a database shares. Installs as plain SQL, repeatably.
--
-- `connectsql compile` prints this file, then connection.sql for the connection's schema, then
-- the mapped tables, all in one transaction.

CREATE EXTENSION IF NOT EXISTS hstore;

-- Every function below keeps this search_path. Heroku has hstore outside of public, so its
-- schema is looked up; pg_catalog stands first, so that nothing can shadow the built-ins.
DO $connectsql$
DECLARE
    hstore_schema text := (
        SELECT n.nspname
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'hstore'
    );
BEGIN
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', hstore_schema), true);
END
$connectsql$;

CREATE SCHEMA IF NOT EXISTS connectsql;

COMMENT ON SCHEMA connectsql IS 'Bookkeeping of connectsql. Applications need nothing in here.';

-- One row for each schema that is kept in step with an org.
CREATE TABLE IF NOT EXISTS connectsql.connection (
    schema_name text PRIMARY KEY,
    fingerprint text NOT NULL,
    version text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT current_user
);

COMMENT ON COLUMN connectsql.connection.fingerprint IS 'SHA-256 of the compiled SQL: the agent compares it with its config.';

-- How far each mapped table has been read from Salesforce.
CREATE TABLE IF NOT EXISTS connectsql.mapping (
    schema_name text NOT NULL,
    table_name text NOT NULL,
    load_started timestamptz,
    loaded_up_to text,
    loaded_at timestamptz,
    read_until timestamptz,
    problem text,
    PRIMARY KEY (schema_name, table_name)
);

COMMENT ON COLUMN connectsql.mapping.load_started IS 'The org''s clock when the initial load began: polling starts from here.';
COMMENT ON COLUMN connectsql.mapping.loaded_up_to IS 'Greatest Id that the initial load has stored; a load that was interrupted goes on behind it.';
COMMENT ON COLUMN connectsql.mapping.read_until IS 'The org''s clock at the last complete poll.';
COMMENT ON COLUMN connectsql.mapping.problem IS 'Why this mapping is not being read, or NULL.';

-- Agents that are at work. One without a sign of life until alive_until has lost its claims.
CREATE TABLE IF NOT EXISTS connectsql.agent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text NOT NULL,
    host text NOT NULL,
    process_id integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    alive_until timestamptz NOT NULL
);

-- What is known about an entry of a trigger log beside Heroku Connect's columns. A row is here
-- from the first claim until the entry is done; an ambiguous one stays.
CREATE TABLE IF NOT EXISTS connectsql.claim (
    schema_name text NOT NULL,
    log_id bigint NOT NULL,
    agent_id bigint,
    attempts integer NOT NULL DEFAULT 1,
    next_attempt timestamptz,
    sent_at timestamptz,
    sent_blind boolean NOT NULL DEFAULT false,
    ambiguous boolean NOT NULL DEFAULT false,
    PRIMARY KEY (schema_name, log_id)
);

COMMENT ON COLUMN connectsql.claim.sent_at IS 'The org''s clock just before the first call whose outcome is not known, or NULL.';
COMMENT ON COLUMN connectsql.claim.sent_blind IS 'That call was an insert without a unique identifier: it must not be sent again.';
COMMENT ON COLUMN connectsql.claim.ambiguous IS 'Salesforce may hold this record already; nothing of it is sent until somebody decides.';

-- Heroku Connect's way to tell an application's write (base64, the default) from the sync's own
-- (hex). Customers' triggers and sessions use it.
CREATE OR REPLACE FUNCTION public.get_xmlbinary() RETURNS varchar
LANGUAGE sql STABLE PARALLEL SAFE
AS $connectsql$ SELECT pg_catalog.current_setting('xmlbinary')::varchar $connectsql$;
