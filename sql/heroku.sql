-- types: heroku. The log's indexes as Heroku Connect has them, and two tables that its clients look
-- for; nothing here fills those.

CREATE INDEX IF NOT EXISTS _trigger_log_idx_created_at ON "{schema}"._trigger_log (created_at);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_id ON "{schema}"._trigger_log (state, id);
CREATE INDEX IF NOT EXISTS _trigger_log_idx_state_table_name ON "{schema}"._trigger_log (state, table_name)
    WHERE state = 'NEW' OR state = 'PENDING';

CREATE SEQUENCE IF NOT EXISTS "{schema}"._hcmeta_id_seq AS integer;

CREATE TABLE IF NOT EXISTS "{schema}"._hcmeta (
    id integer NOT NULL DEFAULT nextval('"{schema}"._hcmeta_id_seq'::regclass),
    hcver integer,
    org_id varchar(50),
    details text,
    CONSTRAINT _hcmeta_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE "{schema}"._hcmeta_id_seq OWNED BY "{schema}"._hcmeta.id;

CREATE SEQUENCE IF NOT EXISTS "{schema}"._sf_event_log_id_seq AS integer;

CREATE TABLE IF NOT EXISTS "{schema}"._sf_event_log (
    id integer NOT NULL DEFAULT nextval('"{schema}"._sf_event_log_id_seq'::regclass),
    table_name varchar(128),
    action varchar(7),
    synced_at timestamptz DEFAULT now(),
    sf_timestamp timestamptz,
    sfid varchar(20),
    record text,
    processed boolean,
    CONSTRAINT _sf_event_log_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE "{schema}"._sf_event_log_id_seq OWNED BY "{schema}"._sf_event_log.id;

CREATE INDEX IF NOT EXISTS idx__sf_event_log_comp_key ON "{schema}"._sf_event_log (table_name, synced_at);
CREATE INDEX IF NOT EXISTS idx__sf_event_log_sfid ON "{schema}"._sf_event_log (sfid);

-- Tells whoever listens that there is something in the log, unless an agent is awake and none sleeps:
-- each holds a lock meanwhile. One that is awake passes it on, because applications may listen on
-- Heroku Connect's channel, too.
-- A NOTIFY makes commits queue for each other, so nobody is told who looks by himself. An agent that
-- is awake does, and before it goes to sleep it waits for every transaction that found it awake.
-- This fires after the entry is written: the lock on the log that writing took is how the agent
-- knows whom to wait for. PREPARE TRANSACTION refuses a transaction that has notified:
-- connectsql.notify = off is for such.
-- It needs no rights, and names pg_catalog instead of keeping to it: that is cheaper.
-- Whether a lock is free is tried and undone in one expression: between statements a cancelled
-- query would leave its session with the lock.
CREATE OR REPLACE FUNCTION "{schema}".tlog_notify_trigger() RETURNS trigger
LANGUAGE plpgsql
AS $connectsql$
DECLARE
    awake CONSTANT bigint := pg_catalog.hashtextextended(pg_catalog.concat('connectsql.awake ', TG_TABLE_SCHEMA), 0);
    sleeping CONSTANT bigint := pg_catalog.hashtextextended(pg_catalog.concat('connectsql.sleeping ', TG_TABLE_SCHEMA), 0);
BEGIN
    IF coalesce(pg_catalog.current_setting('connectsql.notify', true), '') OPERATOR(pg_catalog.<>) 'off'
       AND (CASE WHEN pg_catalog.pg_try_advisory_lock_shared(awake) THEN pg_catalog.pg_advisory_unlock_shared(awake)
                 WHEN pg_catalog.pg_try_advisory_lock_shared(sleeping) THEN NOT pg_catalog.pg_advisory_unlock_shared(sleeping)
                 ELSE true END)
    THEN
        PERFORM pg_catalog.pg_notify(pg_catalog.concat(TG_TABLE_SCHEMA, '.connectsql'), ''),
                pg_catalog.pg_notify(pg_catalog.concat(TG_TABLE_SCHEMA, '.hc_trigger_log'), 'ping');
    END IF;
    RETURN NULL;
END
$connectsql$;

CREATE OR REPLACE TRIGGER tlog_insert_trigger
    AFTER INSERT ON "{schema}"._trigger_log
    FOR EACH STATEMENT EXECUTE FUNCTION "{schema}".tlog_notify_trigger();

-- Changes that come by replication are logged where a mapping says so: they wake the agent, too.
ALTER TABLE "{schema}"._trigger_log ENABLE ALWAYS TRIGGER tlog_insert_trigger;

REVOKE EXECUTE ON FUNCTION "{schema}".tlog_notify_trigger() FROM PUBLIC;
