CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    -- Only what is sent makes a change that waits.
    IF {changed} THEN
        NEW._hc_lastop := 'PENDING';
        NEW._hc_err := NULL;
    END IF;
    IF NEW.id <> OLD.id THEN
        -- What logs this statement, and others of the transaction, must not know the rows by them.
        IF (TG_RELID::text = ANY (string_to_array(current_setting('connectsql.new_ids', true), ' '))) IS NOT TRUE THEN
            PERFORM set_config('connectsql.new_ids',
                               concat_ws(' ', nullif(current_setting('connectsql.new_ids', true), ''), TG_RELID), true);
        END IF;
    END IF;
    RETURN NEW;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION {function}() FROM PUBLIC;
