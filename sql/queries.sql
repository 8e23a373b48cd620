-- The agent's statements. A block begins with its name; {braces} are filled in by
-- connectsql.database.queries, %(names)s are parameters.

-- fingerprint --
SELECT fingerprint FROM connectsql.connection WHERE schema_name = %(schema)s

-- installed_tables --
SELECT c.relname, c.relkind::text, obj_description(c.oid, 'pg_class'),
       c.relkind IN ('r', 'p') AND NOT EXISTS (
           SELECT FROM pg_partition_tree(c.oid) AS p WHERE pg_relation_size(p.relid) > 0
       ) AND pg_relation_size(c.oid) = 0
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname

-- installed_columns --
WITH feeds AS MATERIALIZED (
    SELECT f.adrelid, d.refobjsubid, array_agg(g.attname::text ORDER BY g.attname) AS columns
    FROM pg_catalog.pg_attribute AS g
    JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = g.attrelid AND f.adnum = g.attnum
    JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = f.adrelid
        AND d.refobjsubid <> f.adnum
    WHERE g.attgenerated <> ''
    GROUP BY f.adrelid, d.refobjsubid
)
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname END,
       CASE WHEN a.attgenerated <> '' THEN pg_get_expr(e.adbin, e.adrelid) END,
       coalesce(feeds.columns, ARRAY[]::text[]),
       col_description(c.oid, a.attnum)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS e ON e.adrelid = c.oid AND e.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
LEFT JOIN feeds ON feeds.adrelid = c.oid AND feeds.refobjsubid = a.attnum
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname, a.attnum

-- column_dependents --
-- What hangs on columns of the schema: views, which Postgres protects, and what goes with a column.
SELECT c.relname, a.attname, found.kind, found.name
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_depend AS d
    ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid > 0
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
JOIN LATERAL (
    SELECT 'view', w.ev_class::regclass::text
    FROM pg_catalog.pg_rewrite AS w
    WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid AND w.ev_class <> c.oid
    UNION ALL
    SELECT 'index', i.relname
    FROM pg_catalog.pg_class AS i
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND i.oid = d.objid AND i.relkind IN ('i', 'I')
    UNION ALL
    SELECT 'constraint', o.conname
    FROM pg_catalog.pg_constraint AS o
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND o.oid = d.objid AND o.contype <> 'n'
    UNION ALL
    SELECT 'statistics', s.stxname
    FROM pg_catalog.pg_statistic_ext AS s
    WHERE d.classid = 'pg_catalog.pg_statistic_ext'::regclass AND s.oid = d.objid
) AS found (kind, name) ON true
WHERE n.nspname = %(schema)s AND c.relkind IN ('r', 'p')
GROUP BY c.relname, a.attname, found.kind, found.name
ORDER BY c.relname, a.attname, found.kind, found.name

-- waiting_by_table --
SELECT table_name, count(*) FROM {log}
WHERE (state = 'NEW' OR state = 'PENDING') AND table_name IS NOT NULL
GROUP BY table_name

-- installed_objects --
SELECT table_name, kind, name, definition FROM connectsql.catalog(%(schema)s) WHERE kind <> 'column'

-- standing_objects --
-- Where connectsql was never applied: what stands that a plan may replace.
SELECT c.relname, 'index', i.relname, pg_get_indexdef(i.oid)
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s
UNION ALL
SELECT c.relname, 'trigger', t.tgname, pg_get_triggerdef(t.oid)
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND NOT t.tgisinternal
UNION ALL
SELECT '', 'function', p.proname, string_agg(pg_get_functiondef(p.oid), E'\n' ORDER BY p.oid)
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = %(schema)s AND p.prokind = 'f'
GROUP BY p.proname

-- made_objects --
SELECT table_name, kind, name, definition, installed
FROM connectsql.object
WHERE schema_name = %(schema)s

-- core_stands --
SELECT to_regprocedure('connectsql.core_version()') IS NOT NULL

-- core_version --
SELECT connectsql.core_version()

-- extension_version --
SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'connectsql'

-- applied_version --
SELECT version FROM connectsql.connection WHERE schema_name = %(schema)s

-- serialise_applies --
SELECT pg_advisory_xact_lock(hashtextextended('connectsql.apply', 0))

-- applying --
SELECT l.pid
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = current_database()
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('connectsql.apply', 0)

-- lock_holders --
-- Whose transactions hold locks in a schema, the oldest first.
SELECT a.pid, a.application_name, a.state, min(c.relname)
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = %(schema)s
JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = current_database()
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid AND a.pid <> pg_backend_pid()
WHERE l.granted
GROUP BY a.pid, a.application_name, a.state, a.xact_start
ORDER BY a.xact_start
LIMIT 3

-- other_connections --
SELECT count(*)::integer FROM connectsql.connection WHERE schema_name <> %(schema)s

-- living_agents --
SELECT host, process_id FROM connectsql.agent
WHERE schema_name = %(schema)s AND alive_until > clock_timestamp()

-- waiting_changes --
SELECT count(*) FROM {log} WHERE state = 'NEW' OR state = 'PENDING'

-- drop_core --
-- One by one and without CASCADE: what others put into the schema keeps it standing.
DROP FUNCTION connectsql.note(text, jsonb);
DROP FUNCTION connectsql.use_hstore();
DROP FUNCTION connectsql.catalog(text, text);
DROP FUNCTION connectsql.core_version();
DROP TABLE connectsql.claim, connectsql.agent, connectsql.mapping, connectsql.violation,
    connectsql.object, connectsql.history, connectsql.connection;
DROP SCHEMA connectsql

-- known_tables --
-- A load that was interrupted has left rows, too.
SELECT table_name, loaded_at IS NOT NULL OR loaded_up_to IS NOT NULL
FROM connectsql.mapping
WHERE schema_name = %(schema)s

-- roles --
SELECT rolname FROM pg_catalog.pg_roles

-- owners --
SELECT current_user
UNION
SELECT pg_get_userbyid(n.nspowner)
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname IN (%(schema)s, 'connectsql')
UNION
SELECT pg_get_userbyid(c.relowner)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN (%(schema)s, 'connectsql') AND c.relkind IN ('r', 'p', 'S')

-- granted_elsewhere --
SELECT DISTINCT name
FROM connectsql.object
WHERE schema_name <> %(schema)s AND table_name = '' AND kind = 'grant'

-- register_agent --
INSERT INTO connectsql.agent (schema_name, host, process_id, alive_until)
VALUES (%(schema)s, %(host)s, %(process)s, clock_timestamp() + make_interval(secs => %(lease)s))
RETURNING id

-- stay_alive --
-- An agent whose lease ran out stays dead: somebody else may have its claims already.
UPDATE connectsql.agent
SET alive_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(agent)s AND alive_until > clock_timestamp()
RETURNING id

-- deregister_agent --
DELETE FROM connectsql.agent WHERE id = %(agent)s

-- forget_dead_agents --
DELETE FROM connectsql.agent AS a
WHERE a.schema_name = %(schema)s AND a.alive_until < clock_timestamp() - interval '1 day'
  AND NOT EXISTS (SELECT FROM connectsql.claim AS c WHERE c.agent_id = a.id)

-- keep_lock_timeout --
SELECT set_config('lock_timeout', %(timeout)s, false)

-- lock --
-- The keys are those of tlog_notify_trigger().
SELECT pg_advisory_lock(hashtextextended('connectsql.' || %(which)s || ' ' || %(schema)s, 0))

-- try_lock --
SELECT pg_try_advisory_lock(hashtextextended('connectsql.' || %(which)s || ' ' || %(schema)s, 0))

-- unlock --
SELECT pg_advisory_unlock(hashtextextended('connectsql.' || which || ' ' || %(schema)s, 0))
FROM unnest(%(locks)s::text[]) AS which

-- ping --
SELECT pg_notify(%(channel)s, 'ping')

-- writers_of_log --
SELECT DISTINCT virtualtransaction
FROM pg_catalog.pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = to_regclass(%(log)s)
  AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())

-- serialise_claims --
-- Two agents that claim at once could take a record's first and second change apart.
SELECT pg_advisory_xact_lock(hashtextextended('connectsql.claim ' || %(schema)s::text, 0))

-- claim --
-- Records with a change in flight, or with one that waits for its next attempt, are left alone. That
-- is asked of each record: a list of all that are held would have to be gathered from the claims of
-- long ago, too, as long as an old snapshot keeps those from being cleared away.
WITH chosen AS MATERIALIZED (
    SELECT l.id
    FROM {log} AS l
    WHERE l.state = 'NEW' AND l.id > %(behind)s AND l.table_name = ANY (%(tables)s)
      AND NOT EXISTS (
          SELECT
          FROM {log} AS held
          WHERE held.record_id = l.record_id AND held.table_name = l.table_name
            AND (held.state = 'NEW' OR held.state = 'PENDING')
            AND (held.state = 'PENDING' OR EXISTS (
                SELECT FROM connectsql.claim AS c
                WHERE c.schema_name = %(schema)s AND c.log_id = held.id AND c.next_attempt > clock_timestamp()
            ))
          OFFSET 0
      )
    ORDER BY l.id
    LIMIT %(limit)s
), noted AS (
    INSERT INTO connectsql.claim AS c (schema_name, log_id, agent_id)
    SELECT %(schema)s, chosen.id, %(agent)s FROM chosen
    ON CONFLICT (schema_name, log_id) DO UPDATE
    SET agent_id = excluded.agent_id, attempts = c.attempts + 1, next_attempt = NULL,
        sent_blind = false, ambiguous = false
    RETURNING c.log_id, c.attempts, c.sent_at
)
UPDATE {log} AS l
SET state = 'PENDING', updated_at = now()
FROM noted
WHERE l.id = noted.log_id
RETURNING l.id, l.action, l.table_name, l.record_id, l.sfid, l."values", noted.attempts, noted.sent_at

-- settled --
-- How far the log is settled: every transaction that took an id up to the last has a number below
-- this one's, and has ended once the oldest that runs is that high. Ids are taken by writers only,
-- which have their number by then; this one is given its number after it asked for the last id, and
-- so must not have it from an earlier statement. And whether anything that was passed over waits.
SELECT coalesce(pg_sequence_last_value(%(sequence)s::regclass), 0),
       pg_current_xact_id()::text::bigint,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       (SELECT id FROM {log} WHERE state = 'NEW' AND id > %(behind)s ORDER BY id LIMIT 1)

-- orphaned --
SELECT l.id, l.table_name, l.record_id, coalesce(c.sent_blind, false)
FROM {log} AS l
LEFT JOIN connectsql.claim AS c ON c.schema_name = %(schema)s AND c.log_id = l.id
LEFT JOIN connectsql.agent AS a ON a.id = c.agent_id
WHERE l.state = 'PENDING'
  AND l.table_name = ANY (%(tables)s)
  AND (a.id IS NULL OR a.alive_until < clock_timestamp())
ORDER BY l.id
FOR UPDATE OF l SKIP LOCKED

-- requeue --
-- Here and below IS TRUE keeps the planner to the primary key: how many entries are PENDING
-- changes faster than its statistics.
WITH freed AS (
    UPDATE connectsql.claim
    SET agent_id = NULL, sent_blind = false,
        sent_at = CASE WHEN %(unsure)s THEN sent_at END,
        next_attempt = clock_timestamp() + make_interval(secs => %(delay)s)
    WHERE schema_name = %(schema)s AND log_id = ANY (%(ids)s)
)
UPDATE {log}
SET state = 'NEW', updated_at = now(), sf_message = %(message)s
WHERE id = ANY (%(ids)s) AND (state = 'PENDING') IS TRUE

-- about_to_send --
-- Only claims that are still this agent's, with a lease that runs, may be acted on.
UPDATE connectsql.claim AS c
SET sent_at = coalesce(c.sent_at, %(now)s), sent_blind = %(blind)s
FROM connectsql.agent AS a
WHERE a.id = c.agent_id AND a.alive_until > clock_timestamp()
  AND c.schema_name = %(schema)s AND c.log_id = ANY (%(ids)s) AND c.agent_id = %(agent)s
RETURNING c.log_id

-- release --
DELETE FROM connectsql.claim
WHERE schema_name = %(schema)s AND log_id = ANY (%(ids)s) AND agent_id = %(agent)s
RETURNING log_id

-- finish --
-- The outcomes are looked up in one object, not joined: statistics that know of no PENDING entries
-- would have a join compare each entry with each outcome.
UPDATE {log} AS l
SET state = %(outcomes)s -> l.id::text ->> 0,
    sf_message = %(outcomes)s -> l.id::text ->> 1,
    sfid = coalesce(l.sfid, %(outcomes)s -> l.id::text ->> 2),
    updated_at = now(), processed_at = now(), processed_tx = txid_current()
WHERE l.id = ANY (%(ids)s) AND (l.state = 'PENDING') IS TRUE

-- current_records --
-- Whose entries these are by now: a row's entries go along with it where its id is changed.
SELECT id, record_id FROM {log} WHERE id = ANY (%(ids)s) AND table_name = %(table)s

-- park_ambiguous --
WITH parked AS (
    UPDATE connectsql.claim
    SET agent_id = NULL, ambiguous = true
    WHERE schema_name = %(schema)s AND log_id = ANY (%(ids)s)
)
UPDATE {log}
SET state = 'FAILED', sf_message = %(message)s, updated_at = now(), processed_at = now(),
    processed_tx = txid_current()
WHERE id = ANY (%(ids)s) AND (state = 'PENDING') IS TRUE

-- later_values --
-- What later changes, that are not sent yet, have replaced: latest first.
SELECT l.record_id, l.id, l.old
FROM {log} AS l
WHERE l.table_name = %(table)s AND l.record_id = ANY (%(records)s) AND (l.state = 'NEW' OR l.state = 'PENDING')
  AND l.action = 'UPDATE' AND l.old IS NOT NULL
ORDER BY l.id DESC

-- ambiguous_records --
SELECT DISTINCT l.record_id
FROM connectsql.claim AS c
JOIN {log} AS l ON l.id = c.log_id
WHERE c.schema_name = %(schema)s AND c.ambiguous AND l.state = 'FAILED'
  AND l.table_name = %(table)s AND l.record_id = ANY (%(records)s)

-- queue --
-- What is left: entries that can be sent now or later, those in flight, and until when to wait.
SELECT count(*) FILTER (WHERE l.state = 'NEW'),
       count(*) FILTER (WHERE l.state = 'PENDING'),
       extract(epoch FROM min(c.next_attempt) FILTER (WHERE l.state = 'NEW') - clock_timestamp())::float8
FROM {log} AS l
LEFT JOIN connectsql.claim AS c ON c.schema_name = %(schema)s AND c.log_id = l.id
WHERE (l.state = 'NEW' OR l.state = 'PENDING') AND l.table_name = ANY (%(tables)s)

-- failed --
SELECT count(*) FROM {log} WHERE state = 'FAILED' AND table_name = ANY (%(tables)s)

-- archive --
-- A page of the log, in the order of ids: what was done long enough ago goes. What is ambiguous
-- stays: it keeps its record from being inserted a second time. What somebody else is changing
-- goes the next time. Tells where the page ended, and whether younger entries have begun.
WITH page AS MATERIALIZED (
    SELECT l.id, l.created_at < now() - make_interval(secs => %(age)s) IS TRUE AS old
    FROM {log} AS l
    WHERE l.id > %(behind)s
    ORDER BY l.id
    LIMIT %(limit)s
), free AS MATERIALIZED (
    SELECT l.id
    FROM {log} AS l
    JOIN page ON page.id = l.id
    WHERE page.old AND l.state <> 'NEW' AND l.state <> 'PENDING'
      AND NOT EXISTS (
          SELECT FROM connectsql.claim AS c
          WHERE c.schema_name = %(schema)s AND c.log_id = l.id AND c.ambiguous
      )
    FOR UPDATE OF l SKIP LOCKED
), done AS (
    DELETE FROM {log} AS l
    USING free
    WHERE l.id = free.id
    RETURNING l.*
), kept AS (
    INSERT INTO {archive} (id, txid, created_at, updated_at, processed_at, processed_tx, state, action,
                           table_name, record_id, sfid, old, "values", sf_result, sf_message)
    SELECT id, txid, created_at, updated_at, processed_at, processed_tx, state, action, table_name, record_id,
           sfid, CASE WHEN %(values)s THEN old END, CASE WHEN %(values)s THEN "values" END, sf_result, sf_message
    FROM done
    ON CONFLICT (id) DO NOTHING
)
SELECT max(page.id), count(*) FILTER (WHERE page.old), count(*) FROM page

-- purge_archive --
DELETE FROM {archive}
WHERE id IN (
    SELECT id FROM {archive}
    WHERE created_at < now() - make_interval(secs => %(age)s)
    ORDER BY created_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
RETURNING id

-- requeue_archived --
-- REQUEUE is what Heroku Connect's users write to have an archived change sent after all.
WITH wanted AS (
    SELECT id FROM {archive} WHERE state = 'REQUEUE' ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE {archive} AS a
    SET state = 'REQUEUED', updated_at = now()
    FROM wanted
    WHERE a.id = wanted.id
    RETURNING a.*
)
INSERT INTO {log} (txid, created_at, state, action, table_name, record_id, sfid, old, "values")
SELECT txid_current(), clock_timestamp(), 'NEW', m.action, m.table_name, m.record_id, m.sfid, m.old, m."values"
FROM marked AS m
ORDER BY m.id
RETURNING id

-- purge_violations --
DELETE FROM connectsql.violation
WHERE id IN (
    SELECT v.id
    FROM connectsql.violation AS v
    WHERE v.schema_name = %(schema)s AND v.noted_at < now() - make_interval(secs => %(age)s)
    ORDER BY v.noted_at
    LIMIT %(limit)s
)
RETURNING id

-- rows_to_send --
SELECT t.id, t.sfid, {columns}
FROM {table} AS t
WHERE t.id = ANY (%(ids)s)

-- lock_rows --
-- Only rows that nobody else is changing: the agent waits for no application, and an application
-- never meets the agent in a deadlock.
SELECT id FROM {table} WHERE id = ANY (%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED

-- existing_rows --
SELECT id FROM {table} WHERE id = ANY (%(ids)s)

-- waiting --
-- Rows with changes that Salesforce has not got yet, but for these entries.
SELECT DISTINCT l.record_id
FROM {log} AS l
WHERE l.table_name = %(table)s AND l.record_id = ANY (%(ids)s)
  AND (l.state = 'NEW' OR l.state = 'PENDING') AND l.id <> ALL (%(entries)s)

-- holders --
SELECT sfid, id FROM {table} WHERE sfid = ANY (%(sfids)s)

-- note_written --
UPDATE {table} AS t
SET sfid = coalesce(o.sfid, t.sfid),
    _hc_lastop = CASE WHEN o.changed_again THEN t._hc_lastop ELSE o.lastop END,
    _hc_err = CASE WHEN o.changed_again THEN t._hc_err END
FROM unnest(%(ids)s::bigint[], %(sfids)s::text[], %(lastops)s::text[], %(again)s::boolean[])
    AS o (id, sfid, lastop, changed_again)
WHERE t.id = o.id AND t.id = ANY (%(ids)s)
RETURNING t.id

-- delete_after_all --
-- The row was deleted while its insert was on its way, without an sfid that could be sent.
UPDATE {log} AS l
SET state = 'NEW', sfid = o.sfid
FROM unnest(%(ids)s::bigint[], %(sfids)s::text[]) AS o (id, sfid)
WHERE l.table_name = %(table)s AND l.record_id = o.id AND l.action = 'DELETE' AND l.sfid IS NULL
  AND l.state IN ('IGNORE', 'IGNORED')

-- deleted_unsent --
-- Deletes that were not sent, because no sfid was known: what the rows held.
SELECT l.record_id, l.old
FROM {log} AS l
WHERE l.table_name = %(table)s AND l.record_id = ANY (%(records)s) AND l.action = 'DELETE'
  AND l.sfid IS NULL AND l.state IN ('IGNORE', 'IGNORED') AND l.old IS NOT NULL

-- note_refused --
UPDATE {table} AS t
SET _hc_lastop = 'FAILED', _hc_err = o.message
FROM unnest(%(ids)s::bigint[], %(messages)s::text[]) AS o (id, message)
WHERE t.id = o.id AND t.id = ANY (%(ids)s)

-- create_stage --
CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (sfid varchar(18), {definitions}) ON COMMIT DELETE ROWS

-- fill_stage --
COPY {stage} (sfid, {columns}) FROM STDIN

-- analyze_stage --
ANALYZE {stage}

-- link_by_identifier --
WITH free AS (
    SELECT t.id, s.sfid
    FROM {table} AS t
    JOIN {stage} AS s ON s.{identifier} = t.{identifier}
    WHERE t.sfid IS NULL AND NOT {deleted}
      AND NOT EXISTS (SELECT FROM {table} AS linked WHERE linked.sfid = s.sfid)
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE {table} AS t SET sfid = free.sfid FROM free WHERE t.id = free.id

-- lock_matches --
-- Before anything is compared: whoever changes one of these rows has either committed, with its
-- log entry in sight of the next statement, or is left alone.
SELECT t.id FROM {table} AS t JOIN {stage} AS s ON s.sfid = t.sfid ORDER BY t.id FOR UPDATE OF t SKIP LOCKED

-- matches --
-- Rows that the staged records belong to: by sfid, or by an identifier that could not be linked.
SELECT (SELECT count(*) FROM {table} AS t JOIN {stage} AS s ON s.sfid = t.sfid)
     + (
         SELECT count(*)
         FROM {table} AS t
         JOIN {stage} AS s ON {same_identifier}
         WHERE t.sfid IS NULL AND NOT {deleted}
           AND NOT EXISTS (SELECT FROM {table} AS linked WHERE linked.sfid = s.sfid)
     )

-- blind_inserts_on_their_way --
SELECT EXISTS (
    SELECT
    FROM {log} AS l
    JOIN {table} AS t ON t.id = l.record_id
    WHERE l.table_name = %(table)s AND l.state = 'PENDING' AND t.sfid IS NULL AND {blind}
)

-- remove_deleted --
DELETE FROM {table} AS t
USING {stage} AS s
WHERE t.id = ANY (%(ids)s) AND t.sfid = s.sfid AND {removed}

-- leaving --
-- Records that are being deleted here.
SELECT l.sfid
FROM {log} AS l
WHERE l.table_name = %(table)s AND l.action = 'DELETE' AND l.sfid IS NOT NULL
  AND (l.state = 'NEW' OR l.state = 'PENDING')

-- serialise_inserts --
-- A partitioned table has no index that could keep two agents from storing a record twice.
SELECT pg_advisory_xact_lock(hashtextextended('connectsql.insert ' || {called}, 0))

-- insert_new --
-- Rows that are being deleted here are not brought back. Known rows are left out rather than
-- left to ON CONFLICT, which would take a value of the id sequence for each of them.
INSERT INTO {table} (sfid, {columns}, _hc_lastop)
SELECT s.sfid, {staged}, 'SYNCED'
FROM {stage} AS s
WHERE NOT {deleted}
  AND NOT EXISTS (SELECT FROM {table} AS known WHERE known.sfid = s.sfid)
  AND NOT EXISTS (SELECT FROM {table} AS t WHERE t.sfid IS NULL AND {same_identifier})
  AND s.sfid <> ALL (%(leaving)s)
{unless_known}

-- refresh --
-- Rows take over what the org has. A refused local change stays in sight until the record
-- changes in the org, too.
UPDATE {table} AS t
SET ({columns}, _hc_lastop, _hc_err) = ROW ({staged}, 'SYNCED', NULL)
FROM {stage} AS s
WHERE t.id = ANY (%(ids)s) AND t.sfid = s.sfid AND NOT {removed}
  AND (ROW ({current}) IS DISTINCT FROM ROW ({staged}) OR t._hc_lastop IS DISTINCT FROM 'SYNCED')
  AND (t._hc_lastop IS DISTINCT FROM 'FAILED' OR t.systemmodstamp IS DISTINCT FROM s.systemmodstamp)

-- unmatched --
SELECT count(*)
FROM {stage} AS s
WHERE NOT {deleted} AND NOT EXISTS (SELECT FROM {table} AS t WHERE t.sfid = s.sfid)

-- linked_rows --
SELECT sfid, systemmodstamp::text FROM {table} WHERE sfid IS NOT NULL AND NOT {kept}

-- rows_of --
SELECT sfid, systemmodstamp::text FROM {table} WHERE sfid = ANY (%(sfids)s)

-- lock_unmatched --
-- Rows as they were when Salesforce was asked: what came in since then may match again.
SELECT t.id
FROM {table} AS t
JOIN unnest(%(sfids)s::text[], %(stamps)s::text[]) AS seen (sfid, stamp) ON seen.sfid = t.sfid
WHERE t.systemmodstamp::text IS NOT DISTINCT FROM seen.stamp
ORDER BY t.id
FOR UPDATE OF t SKIP LOCKED

-- remove_unmatched --
DELETE FROM {table} WHERE id = ANY (%(ids)s)

-- mapping_state --
SELECT table_name, load_started, loaded_up_to, loaded_at, read_until, problem
FROM connectsql.mapping
WHERE schema_name = %(schema)s

-- begin_load --
INSERT INTO connectsql.mapping (schema_name, table_name, load_started)
VALUES (%(schema)s, %(table)s, %(started)s)
ON CONFLICT (schema_name, table_name) DO UPDATE
SET load_started = excluded.load_started, loaded_up_to = NULL, loaded_at = NULL, read_until = NULL

-- note_loaded --
-- Without a start, an apply has asked for another load meanwhile.
UPDATE connectsql.mapping SET loaded_up_to = %(up_to)s
WHERE schema_name = %(schema)s AND table_name = %(table)s AND load_started IS NOT NULL

-- finish_load --
UPDATE connectsql.mapping SET loaded_at = clock_timestamp(), read_until = load_started, problem = NULL
WHERE schema_name = %(schema)s AND table_name = %(table)s AND load_started IS NOT NULL

-- note_read --
UPDATE connectsql.mapping SET read_until = %(until)s, problem = NULL
WHERE schema_name = %(schema)s AND table_name = %(table)s

-- note_problem --
INSERT INTO connectsql.mapping (schema_name, table_name, problem)
VALUES (%(schema)s, %(table)s, %(problem)s)
ON CONFLICT (schema_name, table_name) DO UPDATE SET problem = excluded.problem
