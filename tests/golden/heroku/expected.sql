-- Contact
CREATE TABLE IF NOT EXISTS salesforce.contact (
    lastname varchar(80),
    accountid varchar(18),
    isdeleted boolean,
    systemmodstamp timestamp without time zone,
    sfid varchar(18) COLLATE pg_catalog.ucs_basic,
    id serial PRIMARY KEY,
    _hc_lastop varchar(32),
    _hc_err text
);

COMMENT ON TABLE salesforce.contact IS 'Contact (Contact)';
COMMENT ON COLUMN salesforce.contact.lastname IS 'LastName';
COMMENT ON COLUMN salesforce.contact.accountid IS 'AccountId';
COMMENT ON COLUMN salesforce.contact.isdeleted IS 'IsDeleted';
COMMENT ON COLUMN salesforce.contact.systemmodstamp IS 'SystemModstamp';

CREATE UNIQUE INDEX IF NOT EXISTS hcu_idx_contact_sfid ON salesforce.contact (sfid);
CREATE INDEX IF NOT EXISTS hc_idx_contact_systemmodstamp ON salesforce.contact (systemmodstamp);
CREATE INDEX IF NOT EXISTS hc_idx_contact_accountid ON salesforce.contact (accountid);

CREATE OR REPLACE TRIGGER hc_contact_status_trigger
    BEFORE INSERT OR UPDATE ON salesforce.contact
    FOR EACH ROW
    WHEN (current_setting('connectsql.agent', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION salesforce.mark_full();

CREATE OR REPLACE TRIGGER hc_contact_loginsert
    AFTER INSERT ON salesforce.contact
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION salesforce.capture_full_inserts('contact', 'read_only');

CREATE OR REPLACE TRIGGER hc_contact_logtrigger
    AFTER UPDATE OR DELETE ON salesforce.contact
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION salesforce.capture_full('contact', 'read_only');

-- Account
CREATE TABLE IF NOT EXISTS salesforce.account (
    revenue__c double precision,
    createddate timestamp without time zone,
    ext__c varchar(80),
    name varchar(80),
    systemmodstamp timestamp without time zone,
    isdeleted boolean,
    sfid varchar(18) COLLATE pg_catalog.ucs_basic,
    id serial PRIMARY KEY,
    _hc_lastop varchar(32),
    _hc_err text
);

COMMENT ON TABLE salesforce.account IS 'Account (Account)';
COMMENT ON COLUMN salesforce.account.revenue__c IS 'Revenue__c';
COMMENT ON COLUMN salesforce.account.createddate IS 'CreatedDate';
COMMENT ON COLUMN salesforce.account.ext__c IS 'Ext__c';
COMMENT ON COLUMN salesforce.account.name IS 'Name';
COMMENT ON COLUMN salesforce.account.systemmodstamp IS 'SystemModstamp';
COMMENT ON COLUMN salesforce.account.isdeleted IS 'IsDeleted';

CREATE UNIQUE INDEX IF NOT EXISTS hcu_idx_account_sfid ON salesforce.account (sfid);
CREATE INDEX IF NOT EXISTS hc_idx_account_systemmodstamp ON salesforce.account (systemmodstamp);
CREATE UNIQUE INDEX IF NOT EXISTS hcu_idx_account_ext__c ON salesforce.account (ext__c);

CREATE OR REPLACE TRIGGER hc_account_status_trigger
    BEFORE INSERT OR UPDATE ON salesforce.account
    FOR EACH ROW
    WHEN (current_setting('connectsql.agent', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION salesforce.mark_full();

CREATE OR REPLACE TRIGGER hc_account_loginsert
    AFTER INSERT ON salesforce.account
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT
    EXECUTE FUNCTION salesforce.capture_full_inserts('account', 'read_write');

CREATE OR REPLACE TRIGGER hc_account_logtrigger
    AFTER UPDATE OR DELETE ON salesforce.account
    FOR EACH ROW
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION salesforce.capture_full('account', 'read_write');

CREATE OR REPLACE TRIGGER hc_account_truncate
    BEFORE TRUNCATE ON salesforce.account
    FOR EACH STATEMENT
    WHEN (current_setting('xmlbinary') = 'base64')
    EXECUTE FUNCTION salesforce.refuse_truncate();
