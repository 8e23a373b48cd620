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

CREATE OR REPLACE TRIGGER hc_order_status_trigger
    BEFORE INSERT OR UPDATE ON "Odd ""Schema"""."order"
    FOR EACH ROW
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".mark_changes('name', 'phone', 'revenue__c', 'ext__c');

CREATE OR REPLACE TRIGGER hc_order_loginsert
    AFTER INSERT ON "Odd ""Schema"""."order"
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".capture_inserts();

CREATE OR REPLACE TRIGGER hc_order_logtrigger
    AFTER UPDATE OR DELETE ON "Odd ""Schema"""."order"
    FOR EACH ROW
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".capture_changes('name', 'phone', 'revenue__c', 'ext__c');

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

CREATE OR REPLACE TRIGGER "hc_Odd Table_status_trigger"
    BEFORE INSERT OR UPDATE ON "Odd ""Schema"""."Odd Table"
    FOR EACH ROW
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".mark_changes('lastname', 'accountid', 'account__ext__c', 'ext__c');

CREATE OR REPLACE TRIGGER "hc_Odd Table_loginsert"
    AFTER INSERT ON "Odd ""Schema"""."Odd Table"
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".capture_inserts();

CREATE OR REPLACE TRIGGER "hc_Odd Table_logtrigger"
    AFTER UPDATE OR DELETE ON "Odd ""Schema"""."Odd Table"
    FOR EACH ROW
    WHEN (public.get_xmlbinary()::text = 'base64')
    EXECUTE FUNCTION "Odd ""Schema""".capture_changes('lastname', 'accountid', 'account__ext__c', 'ext__c');
