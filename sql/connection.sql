-- What one connection's schema holds beside its mapped tables. "{schema}" stands for the schema,
-- "{key}" for the type of row ids (integer as Heroku Connect has it, or bigint).

-- Where extensions go by default, whatever path the caller keeps to.
SET LOCAL search_path TO DEFAULT;
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
    IF has_schema_privilege('public', hstore_schema, 'CREATE') THEN
        RAISE WARNING 'hstore is in the schema %, where every role may create functions', hstore_schema
            USING HINT = format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', hstore_schema);
    END IF;
END
$connectsql$;

-- Heroku Connect's way to tell an application's write (base64, the default) from the sync's own
-- (hex). Customers' triggers and sessions use it, and ours call it as whoever writes. Another
-- role's that stands already does the same.
DO $connectsql$
BEGIN
    CREATE OR REPLACE FUNCTION public.get_xmlbinary() RETURNS varchar
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT pg_catalog.current_setting('xmlbinary')::varchar $$;
    GRANT EXECUTE ON FUNCTION public.get_xmlbinary() TO PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    IF to_regprocedure('public.get_xmlbinary()') IS NULL THEN
        RAISE;
    END IF;
END
$connectsql$;

CREATE SCHEMA IF NOT EXISTS "{schema}";

-- The outbox: Heroku Connect's 15 columns in its order. Bookkeeping of our own is in connectsql.claim.
CREATE SEQUENCE IF NOT EXISTS "{schema}"._trigger_log_id_seq AS "{key}";

CREATE TABLE IF NOT EXISTS "{schema}"._trigger_log (
    id "{key}" NOT NULL DEFAULT nextval('"{schema}"._trigger_log_id_seq'::regclass),
    txid bigint,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    processed_at timestamptz,
    processed_tx bigint,
    state varchar(8),
    action varchar(7),
    table_name varchar(128),
    record_id "{key}",
    sfid varchar(18),
    old text,
    "values" text,
    sf_result integer,
    sf_message text,
    CONSTRAINT _trigger_log_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE "{schema}"._trigger_log_id_seq OWNED BY "{schema}"._trigger_log.id;

CREATE INDEX IF NOT EXISTS _trigger_log_idx_created_at ON "{schema}"._trigger_log (created_at);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_id ON "{schema}"._trigger_log (state, id);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_table_name ON "{schema}"._trigger_log (state, table_name)
    WHERE state = 'NEW' OR state = 'PENDING';
-- Ours: what waits for one record is asked for with every claim and every incoming row.
CREATE INDEX IF NOT EXISTS _trigger_log_idx_waiting_record ON "{schema}"._trigger_log (table_name, record_id)
    WHERE state = 'NEW' OR state = 'PENDING';

CREATE TABLE IF NOT EXISTS "{schema}"._trigger_log_archive (
    id "{key}" NOT NULL,
    txid bigint,
    created_at timestamptz,
    updated_at timestamptz,
    processed_at timestamptz,
    processed_tx bigint,
    state varchar(8),
    action varchar(7),
    table_name varchar(128),
    record_id "{key}",
    sfid varchar(18),
    old text,
    "values" text,
    sf_result integer,
    sf_message text,
    CONSTRAINT _trigger_log_archive_pkey PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_created_at ON "{schema}"._trigger_log_archive (created_at);
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_record_id ON "{schema}"._trigger_log_archive (record_id);
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_state_table_name ON "{schema}"._trigger_log_archive (state, table_name)
    WHERE state = 'FAILED';

-- Applications need no right on the log and none in the schema of hstore: what captures and marks
-- runs as its owner. What needs no hstore keeps to pg_catalog. What does names pg_catalog or has
-- the very types of hstore's own, so that nothing else in that schema can fit better; only
-- hstore(NEW) cannot say so, which is why connectsql.sql warns where others may create in there.

-- Wakes the agent. Equal notifications of one transaction are delivered once.
CREATE OR REPLACE FUNCTION "{schema}".tlog_notify_trigger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    PERFORM pg_catalog.pg_notify(TG_TABLE_SCHEMA || '.hc_trigger_log', 'ping');
    RETURN NULL;
END
$connectsql$;

CREATE OR REPLACE TRIGGER tlog_insert_trigger
    AFTER INSERT ON "{schema}"._trigger_log
    FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".tlog_notify_trigger();

-- log: full. The rows that Heroku Connect would have written. The argument is the access. The
-- agent reads the values back from text, so their form must not depend on the application.
CREATE OR REPLACE FUNCTION "{schema}".capture_full() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    writable CONSTANT boolean := TG_ARGV[0] = 'read_write';
    hidden CONSTANT text[] := ARRAY['_hc_lastop', '_hc_err'];
    captured_state text := CASE WHEN writable THEN 'NEW' ELSE 'READONLY' END;
    captured_record "{schema}"._trigger_log.record_id%TYPE;
    captured_sfid text;
    captured_old text;
    captured_values text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        captured_record := NEW.id;
        captured_values := (hstore(NEW) - hidden)::text;
    ELSIF TG_OP = 'UPDATE' THEN
        captured_record := NEW.id;
        captured_sfid := OLD.sfid;
        captured_old := (hstore(OLD) - hidden)::text;
        captured_values := (hstore(NEW) - hstore(OLD) - hidden)::text;
        IF writable AND captured_values = '' THEN
            captured_state := 'IGNORE';
        END IF;
    ELSE
        captured_record := OLD.id;
        captured_sfid := OLD.sfid;
        captured_old := (hstore(OLD) - hidden)::text;
        IF writable AND OLD.sfid IS NULL THEN
            captured_state := 'IGNORE';
        END IF;
    END IF;
    INSERT INTO "{schema}"._trigger_log
        (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
    VALUES
        (pg_catalog.txid_current(), pg_catalog.clock_timestamp(), NULL, captured_state, TG_OP,
         TG_TABLE_NAME, captured_record, captured_sfid, captured_old, captured_values);
    RETURN NULL;
END
$connectsql$;

-- log: changes, inserts. The agent reads the row when it sends it, so the values are not kept.
CREATE OR REPLACE FUNCTION "{schema}".capture_inserts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    INSERT INTO "{schema}"._trigger_log (txid, updated_at, state, action, table_name, record_id)
    SELECT pg_catalog.txid_current(), NULL, 'NEW', 'INSERT', TG_TABLE_NAME, inserted.id
    FROM inserted;
    RETURN NULL;
END
$connectsql$;

-- log: changes, updates and deletes. The arguments are the columns that are sent; an update that
-- changes none of them is not a change.
CREATE OR REPLACE FUNCTION "{schema}".capture_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $connectsql$
DECLARE
    changed text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW OPERATOR(pg_catalog.*=) OLD THEN
            RETURN NULL;  -- the same bytes: cheaper to see than the difference
        END IF;
        changed := slice(hstore(NEW) - hstore(OLD), TG_ARGV::text[])::text;
        IF changed <> '' THEN
            INSERT INTO "{schema}"._trigger_log
                (txid, updated_at, state, action, table_name, record_id, sfid, "values")
            VALUES
                (pg_catalog.txid_current(), NULL, 'NEW', 'UPDATE', TG_TABLE_NAME, NEW.id, OLD.sfid, changed);
        END IF;
    ELSE
        -- Without an sfid there is nothing to delete in Salesforce, unless an insert of this row is
        -- on its way: then the values tell which record that made.
        INSERT INTO "{schema}"._trigger_log
            (txid, updated_at, state, action, table_name, record_id, sfid, old)
        VALUES
            (pg_catalog.txid_current(), NULL, CASE WHEN OLD.sfid IS NULL THEN 'IGNORE' ELSE 'NEW' END,
             'DELETE', TG_TABLE_NAME, OLD.id, OLD.sfid,
             CASE WHEN OLD.sfid IS NULL THEN slice(hstore(OLD), TG_ARGV::text[])::text END);
    END IF;
    RETURN NULL;
END
$connectsql$;

-- Shows in the row itself that a change waits. log: full marks every write, as Heroku Connect does.
CREATE OR REPLACE FUNCTION "{schema}".mark_full() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    IF pg_catalog.current_setting('xmlbinary') = 'base64' THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
    ELSIF TG_OP = 'INSERT' OR NEW._hc_lastop IS NULL OR NEW._hc_lastop IS NOT DISTINCT FROM OLD._hc_lastop THEN
        NEW._hc_lastop := 'SYNCED';
        NEW._hc_err := NULL;
    END IF;
    RETURN NEW;
END
$connectsql$;

-- log: changes marks what it captures: inserts, and updates of the columns in the arguments.
CREATE OR REPLACE FUNCTION "{schema}".mark_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $connectsql$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW OPERATOR(pg_catalog.*=) OLD THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' OR slice(hstore(NEW) - hstore(OLD), TG_ARGV::text[]) <> ''::hstore THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
    END IF;
    RETURN NEW;
END
$connectsql$;

-- Puts an insert of a row into the log again. Heroku Connect's name, arguments and result.
CREATE OR REPLACE FUNCTION "{schema}".hc_capture_insert_from_row(
    source_row hstore, table_name varchar, excluded_cols text[] DEFAULT ARRAY[]::text[]
) RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $connectsql$
DECLARE
    hidden CONSTANT text[] := ARRAY['_hc_lastop', '_hc_err']
        OPERATOR(pg_catalog.||) pg_catalog.array_remove(pg_catalog.array_remove(excluded_cols, 'id'), 'sfid');
    new_id "{schema}"._trigger_log.id%TYPE;
BEGIN
    IF source_row -> 'id'::text IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO "{schema}"._trigger_log AS l (txid, created_at, state, action, table_name, record_id, "values")
    VALUES (pg_catalog.txid_current(), pg_catalog.clock_timestamp(), 'NEW', 'INSERT',
            hc_capture_insert_from_row.table_name, (source_row -> 'id'::text)::bigint, (source_row - hidden)::text)
    RETURNING l.id INTO new_id;
    RETURN new_id;
END
$connectsql$;

-- Puts an update of a row into the log again: of the columns named, or of the whole row.
CREATE OR REPLACE FUNCTION "{schema}".hc_capture_update_from_row(
    source_row hstore, table_name varchar, columns_to_include text[] DEFAULT ARRAY[]::text[]
) RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $connectsql$
DECLARE
    included hstore := source_row - ARRAY['_hc_lastop', '_hc_err'];
    new_id "{schema}"._trigger_log.id%TYPE;
BEGIN
    IF source_row -> 'id'::text IS NULL THEN
        RETURN NULL;
    END IF;
    IF pg_catalog.cardinality(columns_to_include) > 0 THEN
        included := slice(included, columns_to_include);
    END IF;
    INSERT INTO "{schema}"._trigger_log AS l
        (txid, created_at, state, action, table_name, record_id, sfid, "values")
    VALUES (pg_catalog.txid_current(), pg_catalog.clock_timestamp(), 'NEW', 'UPDATE',
            hc_capture_update_from_row.table_name, (source_row -> 'id'::text)::bigint, source_row -> 'sfid'::text,
            included::text)
    RETURNING l.id INTO new_id;
    RETURN new_id;
END
$connectsql$;

-- Who may execute these could attach them to a table of his own, and have entries written that no
-- mapped table ever held. The triggers that stand fire for everybody.
REVOKE EXECUTE ON FUNCTION
    "{schema}".tlog_notify_trigger(), "{schema}".capture_full(), "{schema}".capture_inserts(),
    "{schema}".capture_changes(), "{schema}".mark_full(), "{schema}".mark_changes()
FROM PUBLIC;
