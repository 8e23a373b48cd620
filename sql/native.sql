-- types: native. Beside its primary key, the log has no more than the agent cannot do without.

-- What waits, in the order of its claiming.
CREATE INDEX IF NOT EXISTS _trigger_log_idx_waiting ON "{schema}"._trigger_log (id) WHERE state = 'NEW';

-- Wakes an agent that sleeps; it holds a lock meanwhile. Where no agent is, nobody is told.
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
    sleeping CONSTANT bigint := pg_catalog.hashtextextended(pg_catalog.concat('connectsql.sleeping ', TG_TABLE_SCHEMA), 0);
BEGIN
    IF coalesce(pg_catalog.current_setting('connectsql.notify', true), '') OPERATOR(pg_catalog.<>) 'off'
       AND (CASE WHEN pg_catalog.pg_try_advisory_lock_shared(sleeping) THEN NOT pg_catalog.pg_advisory_unlock_shared(sleeping)
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
