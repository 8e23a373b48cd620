
-- Only in the extension: pg_dump keeps the rows, and who created the extension (its owner, where that
-- is no superuser) can apply configs and grant agents what they need.
DO $connectsql$
DECLARE
    kept regclass;
BEGIN
    FOR kept IN
        SELECT c.oid FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'connectsql'::regnamespace AND c.relkind IN ('r', 'S')
        ORDER BY c.relname
    LOOP
        PERFORM pg_catalog.pg_extension_config_dump(kept, '');
    END LOOP;
END
$connectsql$;

GRANT USAGE ON SCHEMA connectsql TO @extowner@ WITH GRANT OPTION;
GRANT ALL ON ALL TABLES IN SCHEMA connectsql TO @extowner@ WITH GRANT OPTION;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA connectsql TO @extowner@;
