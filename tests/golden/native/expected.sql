-- Account
CREATE TABLE IF NOT EXISTS "Odd ""Schema"""."order" (
    name varchar(80),
    phone varchar(80),
    revenue__c numeric,
    ext__c varchar(80),
    createddate timestamptz,
    systemmodstamp timestamptz,
    isdeleted boolean,
    sfid varchar(18) COLLATE pg_catalog."C",
    id bigserial PRIMARY KEY,
    _hc_lastop varchar(32),
    _hc_err text
);

COMMENT ON TABLE "Odd ""Schema"""."order" IS 'Account (Account)';
COMMENT ON COLUMN "Odd ""Schema"""."order".name IS 'Name';
COMMENT ON COLUMN "Odd ""Schema"""."order".phone IS 'Phone';
COMMENT ON COLUMN "Odd ""Schema"""."order".revenue__c IS 'Revenue__c';
COMMENT ON COLUMN "Odd ""Schema"""."order".ext__c IS 'Ext__c';
COMMENT ON COLUMN "Odd ""Schema"""."order".createddate IS 'CreatedDate';
COMMENT ON COLUMN "Odd ""Schema"""."order".systemmodstamp IS 'SystemModstamp';
COMMENT ON COLUMN "Odd ""Schema"""."order".isdeleted IS 'IsDeleted';

CREATE UNIQUE INDEX IF NOT EXISTS hcu_idx_order_sfid ON "Odd ""Schema"""."order" (sfid);
CREATE INDEX IF NOT EXISTS hc_idx_order_systemmodstamp ON "Odd ""Schema"""."order" (systemmodstamp);
CREATE INDEX IF NOT EXISTS hc_idx_order_name ON "Odd ""Schema"""."order" (name);
CREATE UNIQUE INDEX IF NOT EXISTS hcu_idx_order_ext__c ON "Odd ""Schema"""."order" (ext__c);

ALTER TABLE "Odd ""Schema"""."order" ALTER COLUMN _hc_lastop SET DEFAULT CASE WHEN current_setting('xmlbinary') <> 'base64' THEN 'SYNCED' WHEN current_setting('session_replication_role') <> 'replica' THEN 'PENDING' END;

CREATE OR REPLACE FUNCTION "Odd ""Schema""".hc_order_status() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    -- Only what is sent makes a change that waits.
    IF ROW(NEW.name::text COLLATE "C", NEW.phone::text COLLATE "C", NEW.ext__c::text COLLATE "C", NEW.revenue__c) IS DISTINCT FROM ROW(OLD.name::text COLLATE "C", OLD.phone::text COLLATE "C", OLD.ext__c::text COLLATE "C", OLD.revenue__c) THEN
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
REVOKE EXECUTE ON FUNCTION "Odd ""Schema""".hc_order_status() FROM PUBLIC;

DO $connectsql$ BEGIN PERFORM connectsql.use_hstore(); END $connectsql$;
CREATE OR REPLACE FUNCTION "Odd ""Schema""".hc_order_logger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    sent CONSTANT text[] := ARRAY['name', 'phone', 'ext__c', 'revenue__c']::text[];
    new_ids CONSTANT boolean :=
        TG_RELID::text = ANY (string_to_array(current_setting('connectsql.new_ids', true), ' '));
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    IF new_ids THEN
        -- What waits for a row goes along with its new id. Both tables hold the rows in one order.
        UPDATE "Odd ""Schema"""._trigger_log AS l
        SET record_id = n.id
        FROM (SELECT old_rows.id, row_number() OVER () AS number FROM old_rows) AS o
        FULL JOIN (SELECT new_rows.id, row_number() OVER () AS number FROM new_rows) AS n USING (number)
        WHERE o.id <> n.id AND l.table_name = 'order' AND l.record_id = o.id
          AND (l.state = 'NEW' OR l.state = 'PENDING');
        INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'order', c.id, c.sfid, c.changed::text
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
        INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'order', c.id, c.sfid, c.changed::text
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
        WHERE t.tgrelid = TG_RELID AND t.tgname = 'hc_order_status_trigger'::name AND t.tgenabled IN ('O', 'A')
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
    INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
    SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'order', n.id, o.sfid, array_to_string(ARRAY[
        CASE WHEN n.name::text COLLATE "C" IS DISTINCT FROM o.name::text COLLATE "C" THEN hstore('name', n.name::text)::text END,
        CASE WHEN n.phone::text COLLATE "C" IS DISTINCT FROM o.phone::text COLLATE "C" THEN hstore('phone', n.phone::text)::text END,
        CASE WHEN n.ext__c::text COLLATE "C" IS DISTINCT FROM o.ext__c::text COLLATE "C" THEN hstore('ext__c', n.ext__c::text)::text END,
        CASE WHEN n.revenue__c IS DISTINCT FROM o.revenue__c THEN hstore('revenue__c', n.revenue__c::text)::text END
    ], ', ')
    FROM old_rows AS o
    FULL JOIN new_rows AS n ON n.id = o.id
    WHERE ROW(n.name::text COLLATE "C", n.phone::text COLLATE "C", n.ext__c::text COLLATE "C", n.revenue__c) IS DISTINCT FROM ROW(o.name::text COLLATE "C", o.phone::text COLLATE "C", o.ext__c::text COLLATE "C", o.revenue__c);
    RETURN NULL;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION "Odd ""Schema""".hc_order_logger() FROM PUBLIC;

CREATE OR REPLACE TRIGGER hc_order_status_trigger
    BEFORE UPDATE ON "Odd ""Schema"""."order"
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".hc_order_status();

CREATE OR REPLACE TRIGGER hc_order_statusinsert
    BEFORE INSERT ON "Odd ""Schema"""."order"
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64' AND (NEW._hc_lastop IS DISTINCT FROM 'PENDING' OR NEW._hc_err IS NOT NULL))
    EXECUTE FUNCTION "Odd ""Schema""".mark_inserts();

CREATE OR REPLACE TRIGGER hc_order_loginsert
    AFTER INSERT ON "Odd ""Schema"""."order"
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema""".capture_inserts();

CREATE OR REPLACE TRIGGER hc_order_logupdate
    AFTER UPDATE ON "Odd ""Schema"""."order"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema""".hc_order_logger();

CREATE OR REPLACE TRIGGER hc_order_logdelete
    AFTER DELETE ON "Odd ""Schema"""."order"
    REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema""".capture_deletes('name', 'phone', 'ext__c', 'revenue__c');

CREATE OR REPLACE TRIGGER hc_order_truncate
    BEFORE TRUNCATE ON "Odd ""Schema"""."order"
    FOR EACH STATEMENT
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".refuse_truncate();

-- Contact
CREATE TABLE IF NOT EXISTS "Odd ""Schema"""."Odd Table" (
    lastname varchar(80),
    accountid varchar(18),
    account__ext__c varchar(80),
    ext__c varchar(80),
    systemmodstamp timestamptz,
    isdeleted boolean,
    sfid varchar(18) COLLATE pg_catalog."C",
    id bigserial PRIMARY KEY,
    _hc_lastop varchar(32),
    _hc_err text
);

COMMENT ON TABLE "Odd ""Schema"""."Odd Table" IS 'Contact (Contact)';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".lastname IS 'LastName';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".accountid IS 'AccountId';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".account__ext__c IS 'AccountId: Ext__c';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".ext__c IS 'Ext__c';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".systemmodstamp IS 'SystemModstamp';
COMMENT ON COLUMN "Odd ""Schema"""."Odd Table".isdeleted IS 'IsDeleted';

CREATE UNIQUE INDEX IF NOT EXISTS "hcu_idx_Odd Table_sfid" ON "Odd ""Schema"""."Odd Table" (sfid);
CREATE INDEX IF NOT EXISTS "hc_idx_Odd Table_systemmodstamp" ON "Odd ""Schema"""."Odd Table" (systemmodstamp);
CREATE UNIQUE INDEX IF NOT EXISTS "hcu_idx_Odd Table_ext__c" ON "Odd ""Schema"""."Odd Table" (ext__c);

ALTER TABLE "Odd ""Schema"""."Odd Table" ALTER COLUMN _hc_lastop SET DEFAULT CASE WHEN current_setting('xmlbinary') <> 'base64' THEN 'SYNCED' WHEN current_setting('session_replication_role') <> 'replica' THEN 'PENDING' END;

CREATE OR REPLACE FUNCTION "Odd ""Schema"""."hc_Odd Table_status"() RETURNS trigger
LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $connectsql$
BEGIN
    -- Only what is sent makes a change that waits.
    IF ROW(NEW.ext__c::text COLLATE "C", NEW.lastname::text COLLATE "C", NEW.accountid::text COLLATE "C", NEW.account__ext__c::text COLLATE "C") IS DISTINCT FROM ROW(OLD.ext__c::text COLLATE "C", OLD.lastname::text COLLATE "C", OLD.accountid::text COLLATE "C", OLD.account__ext__c::text COLLATE "C") THEN
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
REVOKE EXECUTE ON FUNCTION "Odd ""Schema"""."hc_Odd Table_status"() FROM PUBLIC;

DO $connectsql$ BEGIN PERFORM connectsql.use_hstore(); END $connectsql$;
CREATE OR REPLACE FUNCTION "Odd ""Schema"""."hc_Odd Table_logger"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET datestyle TO 'ISO, YMD' SET extra_float_digits TO 1
AS $connectsql$
DECLARE
    sent CONSTANT text[] := ARRAY['ext__c', 'lastname', 'accountid', 'account__ext__c']::text[];
    new_ids CONSTANT boolean :=
        TG_RELID::text = ANY (string_to_array(current_setting('connectsql.new_ids', true), ' '));
BEGIN
    IF current_setting('xmlbinary') <> 'base64' THEN
        RETURN NULL;
    END IF;
    IF new_ids THEN
        -- What waits for a row goes along with its new id. Both tables hold the rows in one order.
        UPDATE "Odd ""Schema"""._trigger_log AS l
        SET record_id = n.id
        FROM (SELECT old_rows.id, row_number() OVER () AS number FROM old_rows) AS o
        FULL JOIN (SELECT new_rows.id, row_number() OVER () AS number FROM new_rows) AS n USING (number)
        WHERE o.id <> n.id AND l.table_name = 'Odd Table' AND l.record_id = o.id
          AND (l.state = 'NEW' OR l.state = 'PENDING');
        INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'Odd Table', c.id, c.sfid, c.changed::text
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
        INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
        SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'Odd Table', c.id, c.sfid, c.changed::text
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
        WHERE t.tgrelid = TG_RELID AND t.tgname = 'hc_Odd Table_status_trigger'::name AND t.tgenabled IN ('O', 'A')
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
    INSERT INTO "Odd ""Schema"""._trigger_log (txid, updated_at, state, action, table_name, record_id, sfid, "values")
    SELECT txid_current(), NULL, 'NEW', 'UPDATE', 'Odd Table', n.id, o.sfid, array_to_string(ARRAY[
        CASE WHEN n.ext__c::text COLLATE "C" IS DISTINCT FROM o.ext__c::text COLLATE "C" THEN hstore('ext__c', n.ext__c::text)::text END,
        CASE WHEN n.lastname::text COLLATE "C" IS DISTINCT FROM o.lastname::text COLLATE "C" THEN hstore('lastname', n.lastname::text)::text END,
        CASE WHEN n.accountid::text COLLATE "C" IS DISTINCT FROM o.accountid::text COLLATE "C" THEN hstore('accountid', n.accountid::text)::text END,
        CASE WHEN n.account__ext__c::text COLLATE "C" IS DISTINCT FROM o.account__ext__c::text COLLATE "C" THEN hstore('account__ext__c', n.account__ext__c::text)::text END
    ], ', ')
    FROM old_rows AS o
    FULL JOIN new_rows AS n ON n.id = o.id
    WHERE ROW(n.ext__c::text COLLATE "C", n.lastname::text COLLATE "C", n.accountid::text COLLATE "C", n.account__ext__c::text COLLATE "C") IS DISTINCT FROM ROW(o.ext__c::text COLLATE "C", o.lastname::text COLLATE "C", o.accountid::text COLLATE "C", o.account__ext__c::text COLLATE "C");
    RETURN NULL;
END
$connectsql$;
REVOKE EXECUTE ON FUNCTION "Odd ""Schema"""."hc_Odd Table_logger"() FROM PUBLIC;

CREATE OR REPLACE TRIGGER "hc_Odd Table_status_trigger"
    BEFORE UPDATE ON "Odd ""Schema"""."Odd Table"
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION "Odd ""Schema"""."hc_Odd Table_status"();

CREATE OR REPLACE TRIGGER "hc_Odd Table_statusinsert"
    BEFORE INSERT ON "Odd ""Schema"""."Odd Table"
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64' AND (NEW._hc_lastop IS DISTINCT FROM 'PENDING' OR NEW._hc_err IS NOT NULL))
    EXECUTE FUNCTION "Odd ""Schema""".mark_inserts();

CREATE OR REPLACE TRIGGER "hc_Odd Table_loginsert"
    AFTER INSERT ON "Odd ""Schema"""."Odd Table"
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema""".capture_inserts();

CREATE OR REPLACE TRIGGER "hc_Odd Table_logupdate"
    AFTER UPDATE ON "Odd ""Schema"""."Odd Table"
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema"""."hc_Odd Table_logger"();

CREATE OR REPLACE TRIGGER "hc_Odd Table_logdelete"
    AFTER DELETE ON "Odd ""Schema"""."Odd Table"
    REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT
    EXECUTE FUNCTION "Odd ""Schema""".capture_deletes('ext__c', 'lastname', 'accountid', 'account__ext__c');

CREATE OR REPLACE TRIGGER "hc_Odd Table_truncate"
    BEFORE TRUNCATE ON "Odd ""Schema"""."Odd Table"
    FOR EACH STATEMENT
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".refuse_truncate();
