-- The core: what every connection of a database shares. Installs as plain SQL, repeatably, or as the
-- extension connectsql (see the Makefile beside this file).
--
-- `connectsql compile` prints this file, then connection.sql for the connection's schema, then
-- the mapped tables, all in one transaction.

CREATE SCHEMA IF NOT EXISTS connectsql;

-- Which connectsql made all this; an older one leaves it alone.
CREATE OR REPLACE FUNCTION connectsql.core_version() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $connectsql$ SELECT '0.1.0' $connectsql$;

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

-- What connectsql made in the mapped schemas: nothing else is ever changed or dropped. Beside each
-- object stands what was asked for and how the catalog spelled it then, so that a change of the
-- config and a change by hand can be told apart. The kinds object and field tell what a table and its
-- columns are kept in step with, whoever made them.
CREATE TABLE IF NOT EXISTS connectsql.object (
    schema_name text NOT NULL,
    table_name text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    definition text NOT NULL,
    installed text,
    PRIMARY KEY (schema_name, table_name, kind, name)
);

COMMENT ON COLUMN connectsql.object.table_name IS 'Empty for what belongs to the whole schema.';
COMMENT ON COLUMN connectsql.object.definition IS 'MD5 of the SQL that made it; a column''s is empty, its type tells; an object''s is its filter, a field''s its name in Salesforce.';
COMMENT ON COLUMN connectsql.object.installed IS 'MD5 of what connectsql.catalog() told of it right afterwards.';

-- Who applied what, and when.
CREATE TABLE IF NOT EXISTS connectsql.history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user,
    version text NOT NULL,
    fingerprint text NOT NULL,
    checksum text NOT NULL,
    changes text[] NOT NULL
);

COMMENT ON COLUMN connectsql.history.checksum IS 'SHA-256 of the statements that were run.';
COMMENT ON COLUMN connectsql.history.changes IS 'One line for each change, with its hazards.';

-- Writes that Salesforce must refuse, of mappings with constraints: warn. No values, only which
-- rule. The agent purges what is 31 days old.
CREATE TABLE IF NOT EXISTS connectsql.violation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    record_id bigint NOT NULL,
    rule text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid bigint NOT NULL DEFAULT txid_current()
);

CREATE INDEX IF NOT EXISTS violation_schema_name_noted_at ON connectsql.violation (schema_name, noted_at);

-- What the catalog holds of a schema, or of one of its tables: one row for each object, with its
-- definition as Postgres spells it.
CREATE OR REPLACE FUNCTION connectsql.catalog(in_schema text, of_table text DEFAULT NULL)
RETURNS TABLE (table_name text, kind text, name text, definition text)
LANGUAGE sql STABLE SET search_path TO pg_catalog, pg_temp
AS $connectsql$
    WITH relations AS MATERIALIZED (
        SELECT c.oid, c.relname, c.relacl, n.nspname
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = in_schema AND c.relkind IN ('r', 'p')
          AND c.relname = coalesce(of_table, c.relname)
    )
    SELECT r.relname, 'column', a.attname,
           concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attcollation <> t.typcollation
                          THEN 'COLLATE ' || (SELECT l.collname FROM pg_catalog.pg_collation AS l WHERE l.oid = a.attcollation) END,
                     CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
                     pg_get_expr(d.adbin, d.adrelid),
                     CASE WHEN a.attnotnull THEN 'NOT NULL' END)
    FROM relations AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.relname, 'index', c.relname,
           concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END)
    FROM relations AS r
    JOIN pg_catalog.pg_index AS i ON i.indrelid = r.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    UNION ALL
    SELECT r.relname, 'trigger', t.tgname,
           concat_ws(' ', pg_get_triggerdef(t.oid), CASE WHEN t.tgenabled <> 'O' THEN 'ENABLED ' || t.tgenabled::text END)
    FROM relations AS r
    JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT r.relname, 'constraint', o.conname, pg_get_constraintdef(o.oid)
    FROM relations AS r
    JOIN pg_catalog.pg_constraint AS o ON o.conrelid = r.oid AND o.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL
    SELECT r.relname, 'default', a.attname, pg_get_expr(d.adbin, d.adrelid)
    FROM relations AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attname = '_hc_lastop'
    JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.relname, 'grant', g.rolname, string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)
    FROM relations AS r
    CROSS JOIN aclexplode(r.relacl) AS x
    JOIN pg_catalog.pg_roles AS g ON g.oid = x.grantee
    GROUP BY r.relname, g.rolname
    UNION ALL
    SELECT '', 'grant', g.rolname, string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)
    FROM pg_catalog.pg_namespace AS n
    CROSS JOIN aclexplode(n.nspacl) AS x
    JOIN pg_catalog.pg_roles AS g ON g.oid = x.grantee
    WHERE n.nspname = in_schema AND of_table IS NULL
    GROUP BY g.rolname
    UNION ALL
    SELECT '', 'function', p.proname, string_agg(pg_get_functiondef(p.oid), E'\n' ORDER BY p.oid)
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = in_schema AND p.prokind = 'f' AND of_table IS NULL
    GROUP BY p.proname
$connectsql$;

-- Sets the search_path of this transaction, for functions to keep: pg_catalog first, so that nothing
-- can shadow the built-ins, then where hstore is, which on Heroku is not public.
CREATE OR REPLACE FUNCTION connectsql.use_hstore() RETURNS void
LANGUAGE plpgsql
AS $connectsql$
DECLARE
    hstore_schema text := (
        SELECT n.nspname
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
        WHERE e.extname OPERATOR(pg_catalog.=) 'hstore'
    );
BEGIN
    PERFORM pg_catalog.set_config('search_path', pg_catalog.format('pg_catalog, %I, pg_temp', hstore_schema), true);
    IF pg_catalog.has_schema_privilege('public', hstore_schema, 'CREATE') THEN
        RAISE WARNING 'hstore is in the schema %, where every role may create functions', hstore_schema
            USING HINT = pg_catalog.format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', hstore_schema);
    END IF;
END
$connectsql$;

-- Notes objects that were just made: {"table": {"kind": {"name": "definition"}}}.
CREATE OR REPLACE FUNCTION connectsql.note(in_schema text, objects jsonb) RETURNS void
LANGUAGE sql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
    INSERT INTO connectsql.object (schema_name, table_name, kind, name, definition, installed)
    SELECT in_schema, t.key, k.key, o.key, o.value, md5(c.definition)
    FROM jsonb_each(objects) AS t
    CROSS JOIN jsonb_each(t.value) AS k
    CROSS JOIN jsonb_each_text(k.value) AS o
    LEFT JOIN connectsql.catalog(in_schema) AS c ON c.table_name = t.key AND c.kind = k.key AND c.name = o.key
    ON CONFLICT (schema_name, table_name, kind, name) DO UPDATE
    SET definition = excluded.definition, installed = excluded.installed
$connectsql$;

REVOKE ALL ON SCHEMA connectsql FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA connectsql FROM PUBLIC;
