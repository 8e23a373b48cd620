CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $connectsql$
BEGIN
    PERFORM FROM new_rows OFFSET 1;
    IF NOT FOUND THEN
        -- One row: preparing what is below would cost more than the comparison.
        INSERT INTO {log} (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', {table_name}, n.id, o.sfid, c.changed::text
        FROM old_rows AS o, new_rows AS n,
             LATERAL (SELECT slice(hstore(n) - hstore(o), ARRAY[{columns}]::text[]) AS changed OFFSET 0) AS c
        WHERE c.changed <> ''::hstore;
        RETURN NULL;
    END IF;
    -- A full join cannot be done row by row: a plan made for two rows serves a million.
    INSERT INTO {log} (txid, updated_at, state, action, table_name, record_id, sfid, "values")
    SELECT txid_current(), NULL, 'NEW', 'UPDATE', {table_name}, n.id, o.sfid, array_to_string(ARRAY[
        {values}
    ], ', ')
    FROM old_rows AS o
    FULL JOIN new_rows AS n ON n.id = o.id
    WHERE {changed} AND num_nonnulls(n.id) = 1;
    RETURN NULL;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION {function}() FROM PUBLIC;
