CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    -- Only what is sent makes a change that waits.
    IF {changed} THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
    END IF;
    RETURN NEW;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION {function}() FROM PUBLIC;
