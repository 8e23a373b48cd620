DO $connectsql$ BEGIN PERFORM connectsql.use_hstore(); END $connectsql$;
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    sent CONSTANT text[] := ARRAY[{columns}]::text[];
    new_ids CONSTANT boolean :=
        TG_RELID::text = ANY (string_to_array(current_setting('connectsql.new_ids', true), ' '));
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    IF new_ids THEN
        -- What waits for a row goes along with its new id. Both tables hold the rows in one order.
        UPDATE {log} AS l
        SET record_id = n.id
        FROM (SELECT old_rows.id, row_number() OVER () AS number FROM old_rows) AS o
        FULL JOIN (SELECT new_rows.id, row_number() OVER () AS number FROM new_rows) AS n USING (number)
        WHERE o.id <> n.id AND l.table_name = {table_name} AND l.record_id = o.id
          AND (l.state = 'NEW' OR l.state = 'PENDING');
        INSERT INTO {log} (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', {table_name}, c.id, c.sfid, c.changed::text
        FROM (
            SELECT n.id, o.sfid, slice(n.held - o.held, sent) AS changed
            FROM (SELECT old_rows.sfid, hstore(old_rows.*) AS held, row_number() OVER () AS number FROM old_rows) AS o
            FULL JOIN (SELECT new_rows.id, hstore(new_rows.*) AS held, row_number() OVER () AS number FROM new_rows) AS n
                USING (number)
        ) AS c
        WHERE c.changed <> ''::hstore;
        RETURN NULL;
    END IF;
    PERFORM FROM new_rows OFFSET 1;
    IF NOT FOUND THEN
        -- Of one row, preparing what is below would cost more than this comparison does.
        INSERT INTO {log} (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', {table_name}, c.id, c.sfid, c.changed::text
        FROM (
            SELECT n.id, o.sfid, slice(hstore(n.*) - hstore(o.*), sent) AS changed
            FROM old_rows AS o, new_rows AS n
            OFFSET 0
        ) AS c
        WHERE c.changed <> ''::hstore;
        RETURN NULL;
    END IF;
    -- Where no row is marked, none has changed in what is sent, unless a trigger that fires after the
    -- marking one has changed it, or that one does not fire.
    PERFORM FROM new_rows WHERE _hc_lastop = 'PENDING' LIMIT 1;
    IF NOT FOUND THEN
        PERFORM FROM pg_trigger AS t
        WHERE t.tgrelid = TG_RELID AND t.tgname = {marking}::name AND t.tgenabled IN ('O', 'A')
          AND NOT EXISTS (
              SELECT FROM pg_trigger AS later
              WHERE later.tgrelid = TG_RELID AND later.tgname > t.tgname
                AND later.tgtype & 19 = 19 AND later.tgenabled <> 'D'  -- BEFORE UPDATE FOR EACH ROW
          );
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    -- A full join cannot be done row by row: a plan made for two rows serves a million.
    INSERT INTO {log} (txid, updated_at, state, action, table_name, record_id, sfid, "values")
    SELECT txid_current(), NULL, 'NEW', 'UPDATE', {table_name}, n.id, o.sfid, array_to_string(ARRAY[
        {values}
    ], ', ')
    FROM old_rows AS o
    FULL JOIN new_rows AS n ON n.id = o.id
    WHERE {changed};
    RETURN NULL;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION {function}() FROM PUBLIC;
