-- What one connection's schema holds beside its mapped tables. "{schema}" stands for the schema,
-- "{key}" for the type of row ids (integer as Heroku Connect has it, or bigint).

-- Where extensions go by default, whatever path the caller keeps to.
SET LOCAL search_path TO DEFAULT;
CREATE EXTENSION IF NOT EXISTS hstore;

-- Every function below keeps this search_path.
DO $connectsql$ BEGIN PERFORM connectsql.use_hstore(); END $connectsql$;

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

-- What waits for one record is asked for with every claim and every incoming row. Each index costs
-- applications about a tenth of a bulk INSERT, so there is none here that only people would use.
CREATE INDEX IF NOT EXISTS _trigger_log_idx_waiting_record ON "{schema}"._trigger_log (record_id)
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
-- Ours: what is to be sent after all is looked for every few seconds.
CREATE INDEX IF NOT EXISTS _trigger_log_archive_idx_requeue ON "{schema}"._trigger_log_archive (id)
    WHERE state = 'REQUEUE';

-- Applications need no right on the log and none in the schema of hstore: what captures and marks
-- runs as its owner. What needs no hstore keeps to pg_catalog. What does names pg_catalog or has
-- the very types of hstore's own, so that nothing else in that schema can fit better; only
-- hstore(NEW) cannot say so, which is why connectsql.sql warns where others may create in there.

-- What waits for a row goes along with its new id. Not what the same statement has brought to the old
-- id, which was another row's: that was written after this row was.
CREATE OR REPLACE FUNCTION "{schema}".follow_new_id(relation regclass, name text, old_id bigint, new_id bigint)
RETURNS void
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
DECLARE
    writer xid;
    command bigint;
BEGIN
    EXECUTE format('SELECT r.xmin, r.cmin::text::bigint FROM %s AS r WHERE r.id = $1', relation)
    INTO writer, command USING new_id;
    UPDATE "{schema}"._trigger_log AS l
    SET record_id = new_id
    WHERE l.table_name = name AND l.record_id = old_id AND (l.state = 'NEW' OR l.state = 'PENDING')
      AND (l.xmin = writer AND l.cmin::text::bigint > command) IS NOT TRUE;
END
$connectsql$;

-- An update that moves a row to another partition reaches row triggers as a delete there and an
-- insert here, in one statement. The first leaves word of its entry, which the second takes back: it
-- returns the entry's old values, or NULL where the row was not there a moment ago. A row is known again by its
-- sfid, as long as it has none by its id.
CREATE OR REPLACE FUNCTION "{schema}".moved_from(of_table text, id bigint, sfid text) RETURNS text
LANGUAGE sql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
    WITH taken_back AS (
        DELETE FROM "{schema}"._trigger_log AS l
        WHERE l.id = nullif(split_part(current_setting('connectsql.deleted', true), ' ', 1), '')::bigint
          AND split_part(current_setting('connectsql.deleted', true), ' ', 2) = extract(epoch FROM statement_timestamp())::text
          AND l.txid = txid_current() AND l.action = 'DELETE' AND l.table_name = moved_from.of_table
          AND l.sfid IS NOT DISTINCT FROM moved_from.sfid
          AND (l.sfid IS NOT NULL OR l.record_id = moved_from.id)
        RETURNING l.id, l.record_id, l.old
    ), following AS (
        UPDATE "{schema}"._trigger_log AS w
        SET record_id = moved_from.id
        FROM taken_back AS t
        WHERE t.record_id <> moved_from.id AND w.record_id = t.record_id AND w.id <> t.id
          AND w.table_name = moved_from.of_table AND (w.state = 'NEW' OR w.state = 'PENDING')
    )
    SELECT t.old FROM taken_back AS t
$connectsql$;

-- log: full. The rows that Heroku Connect would have written. The arguments are the table's name,
-- which a partition has not got, and the access. The agent reads the values back from text, so
-- their form must not depend on the application.
CREATE OR REPLACE FUNCTION "{schema}".capture_full() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    writable CONSTANT boolean := TG_ARGV[1] = 'read_write';
    hidden CONSTANT text[] := ARRAY['_hc_lastop', '_hc_err'];
    before hstore;
    captured_state text := CASE WHEN writable THEN 'NEW' ELSE 'READONLY' END;
    captured_action text := TG_OP;
    captured_record bigint;
    captured_sfid text;
    captured_old text;
    captured_values text;
    logged bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := hstore(OLD) - hidden;
        captured_record := OLD.id;
        captured_sfid := OLD.sfid;
        captured_old := before::text;
    ELSIF TG_TABLE_NAME <> TG_ARGV[0] THEN
        captured_old := "{schema}".moved_from(TG_ARGV[0], NEW.id, NEW.sfid);
        captured_sfid := CASE WHEN captured_old IS NOT NULL THEN NEW.sfid END;
        before := captured_old::hstore;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF writable AND OLD.sfid IS NULL THEN
            captured_state := 'IGNORE';
        END IF;
    ELSIF before IS NULL THEN
        captured_record := NEW.id;
        captured_values := (hstore(NEW) - hidden)::text;
    ELSE
        captured_action := 'UPDATE';
        captured_record := NEW.id;
        captured_values := (hstore(NEW) - before - hidden)::text;
        IF writable AND captured_values = '' THEN
            captured_state := 'IGNORE';
        END IF;
        IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
            PERFORM "{schema}".follow_new_id(TG_RELID, TG_ARGV[0], OLD.id, NEW.id);
        END IF;
    END IF;
    INSERT INTO "{schema}"._trigger_log
        (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
    VALUES
        (txid_current(), clock_timestamp(), NULL, captured_state, captured_action,
         TG_ARGV[0], captured_record, captured_sfid, captured_old, captured_values)
    RETURNING id INTO logged;
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> TG_ARGV[0] THEN
        PERFORM set_config('connectsql.deleted', concat_ws(' ', logged, extract(epoch FROM statement_timestamp())), true);
    END IF;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
        PERFORM set_config('connectsql.nested', 'on', true);
    END IF;
    RETURN NULL;
END
$connectsql$;

-- log: full, all inserts of a statement at once. What fires for a statement asks once, and by
-- itself, who is writing.
CREATE OR REPLACE FUNCTION "{schema}".capture_full_inserts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    hidden CONSTANT text[] := ARRAY['_hc_lastop', '_hc_err'];
    first_state CONSTANT text := CASE TG_ARGV[1] WHEN 'read_write' THEN 'NEW' ELSE 'READONLY' END;
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    INSERT INTO "{schema}"._trigger_log
        (txid, created_at, updated_at, state, action, table_name, record_id, "values")
    SELECT txid_current(), clock_timestamp(), NULL, first_state, 'INSERT', TG_ARGV[0],
           inserted.id, (hstore(inserted.*) - hidden)::text
    FROM inserted;
    -- A row trigger of the application has changed rows before their statement came to its end:
    -- what happened to a row after its insert stands behind it.
    IF current_setting('connectsql.nested', true) = 'on' THEN
        WITH early AS (
            DELETE FROM "{schema}"._trigger_log AS l
            USING inserted AS i
            WHERE l.table_name = TG_ARGV[0] AND l.record_id = i.id AND l.action = 'UPDATE'
              AND l.txid = txid_current()
              AND (l.state = 'NEW' OR l.state = 'IGNORE' OR l.state = 'READONLY')
            RETURNING l.*
        )
        INSERT INTO "{schema}"._trigger_log
            (txid, created_at, updated_at, state, action, table_name, record_id, sfid, old, "values")
        SELECT e.txid, e.created_at, NULL, e.state, e.action, e.table_name, e.record_id, e.sfid, e.old, e."values"
        FROM early AS e
        ORDER BY e.id;
    END IF;
    RETURN NULL;
END
$connectsql$;

-- log: changes, all inserts of a statement at once. The agent reads the row when it sends it, so the
-- values are not kept.
CREATE OR REPLACE FUNCTION "{schema}".capture_inserts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    INSERT INTO "{schema}"._trigger_log (txid, updated_at, state, action, table_name, record_id)
    SELECT txid_current(), NULL, 'NEW', 'INSERT', TG_TABLE_NAME, inserted.id
    FROM inserted;
    RETURN NULL;
END
$connectsql$;

-- log: changes, all deletes of a statement at once. The arguments are the columns that are sent.
-- Without an sfid there is nothing to delete in Salesforce, unless an insert of this row is on its
-- way: then the values tell which record that made.
CREATE OR REPLACE FUNCTION "{schema}".capture_deletes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    INSERT INTO "{schema}"._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, old)
    SELECT txid_current(), NULL, CASE WHEN d.sfid IS NULL THEN 'IGNORE' ELSE 'NEW' END, 'DELETE', TG_TABLE_NAME,
           d.id, d.sfid, CASE WHEN d.sfid IS NULL THEN slice(hstore(d.*), TG_ARGV::text[])::text END
    FROM deleted AS d;
    RETURN NULL;
END
$connectsql$;

-- log: changes, row by row: where each change is sent on its own, or rows come into a partition or
-- by replication. The arguments are the table's name and the columns that are sent. An update
-- keeps the old values, too: taken back from the row as it stands, they give what the row was at
-- any time before.
CREATE OR REPLACE FUNCTION "{schema}".capture_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    sent CONSTANT text[] := TG_ARGV[1:];
    before hstore;
    after hstore;
    captured_state text := 'NEW';
    captured_action text := TG_OP;
    captured_record bigint;
    captured_sfid text;
    captured_old text;
    captured_values text;
    logged bigint;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW OPERATOR(pg_catalog.*=) OLD THEN
        RETURN NULL;  -- the same bytes: cheaper to see than the difference
    END IF;
    IF TG_OP <> 'INSERT' THEN
        before := slice(hstore(OLD), sent);
        captured_record := OLD.id;
        captured_sfid := OLD.sfid;
    ELSIF TG_TABLE_NAME <> TG_ARGV[0] THEN
        before := "{schema}".moved_from(TG_ARGV[0], NEW.id, NEW.sfid)::hstore;
        captured_sfid := CASE WHEN before IS NOT NULL THEN NEW.sfid END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.sfid IS NULL THEN
            captured_state := 'IGNORE';
        END IF;
        IF OLD.sfid IS NULL OR TG_TABLE_NAME <> TG_ARGV[0] THEN
            captured_old := before::text;
        END IF;
    ELSE
        captured_record := NEW.id;
        IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN
            PERFORM "{schema}".follow_new_id(TG_RELID, TG_ARGV[0], OLD.id, NEW.id);
        END IF;
    END IF;
    IF TG_OP <> 'DELETE' AND before IS NOT NULL THEN
        after := slice(hstore(NEW), sent);
        IF before = after THEN
            RETURN NULL;
        END IF;
        captured_action := 'UPDATE';
        captured_old := (before - after)::text;
        captured_values := (after - before)::text;
    END IF;
    INSERT INTO "{schema}"._trigger_log
        (txid, updated_at, state, action, table_name, record_id, sfid, old, "values")
    VALUES
        (txid_current(), NULL, captured_state, captured_action, TG_ARGV[0],
         captured_record, captured_sfid, captured_old, captured_values)
    RETURNING id INTO logged;
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> TG_ARGV[0] THEN
        PERFORM set_config('connectsql.deleted', concat_ws(' ', logged, extract(epoch FROM statement_timestamp())), true);
    END IF;
    RETURN NULL;
END
$connectsql$;

-- The rows would be gone here and stay in Salesforce, and nobody would know which they were.
CREATE OR REPLACE FUNCTION "{schema}".refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'feature_not_supported',
        MESSAGE = format('TRUNCATE of %I.%I cannot be sent to Salesforce', TG_TABLE_SCHEMA, TG_TABLE_NAME),
        HINT = 'DELETE rows to delete their records, too. To empty the table alone, '
               'SET LOCAL xmlbinary TO hex in the same transaction.';
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

-- log: changes. An insert has the mark by default; this is for one that says something else.
CREATE OR REPLACE FUNCTION "{schema}".mark_inserts() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    NEW._hc_lastop := 'PENDING';
    NEW._hc_err := NULL;
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
    "{schema}".capture_full(), "{schema}".capture_full_inserts(), "{schema}".capture_inserts(),
    "{schema}".capture_deletes(), "{schema}".capture_changes(), "{schema}".refuse_truncate(),
    "{schema}".moved_from(text, bigint, text), "{schema}".follow_new_id(regclass, text, bigint, bigint),
    "{schema}".mark_full(), "{schema}".mark_inserts()
FROM PUBLIC;
