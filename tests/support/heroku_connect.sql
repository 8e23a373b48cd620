-- A database as Heroku Connect leaves it: tables and functions that behave as its own do, of our
-- own writing. {hstore} stands for the schema of the extension.

CREATE SCHEMA IF NOT EXISTS {hstore};
CREATE EXTENSION hstore SCHEMA {hstore};
CREATE SCHEMA salesforce;
SET LOCAL search_path TO public, {hstore};

CREATE FUNCTION public.get_xmlbinary() RETURNS varchar LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT setting FROM pg_settings WHERE name = 'xmlbinary');
END $$;

CREATE TABLE salesforce._hcmeta (id serial PRIMARY KEY, hcver integer, org_id varchar(50), details text);
INSERT INTO salesforce._hcmeta (hcver, org_id) VALUES (7, '00D000000000001EAA');

CREATE TABLE salesforce._sf_event_log (
    id serial PRIMARY KEY, table_name varchar(128), action varchar(7),
    synced_at timestamptz DEFAULT now(), sf_timestamp timestamptz, sfid varchar(20), record text,
    processed boolean
);
CREATE INDEX idx__sf_event_log_comp_key ON salesforce._sf_event_log (table_name, synced_at);
CREATE INDEX idx__sf_event_log_sfid ON salesforce._sf_event_log (sfid);

CREATE TABLE salesforce._trigger_log (
    id serial PRIMARY KEY, txid bigint, created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(), processed_at timestamptz, processed_tx bigint,
    state varchar(8), action varchar(7), table_name varchar(128), record_id integer,
    sfid varchar(18), old text, "values" text, sf_result integer, sf_message text
);
CREATE INDEX _trigger_log_idx_created_at ON salesforce._trigger_log (created_at);
CREATE INDEX _trigger_log_idx_state_id ON salesforce._trigger_log (state, id);
CREATE INDEX _trigger_log_idx_state_table_name ON salesforce._trigger_log (state, table_name)
    WHERE state = 'NEW' OR state = 'PENDING';

CREATE TABLE salesforce._trigger_log_archive (
    id integer PRIMARY KEY, txid bigint, created_at timestamptz, updated_at timestamptz,
    processed_at timestamptz, processed_tx bigint, state varchar(8), action varchar(7),
    table_name varchar(128), record_id integer, sfid varchar(18), old text, "values" text,
    sf_result integer, sf_message text
);
CREATE INDEX _trigger_log_archive_idx_created_at ON salesforce._trigger_log_archive (created_at);
CREATE INDEX _trigger_log_archive_idx_record_id ON salesforce._trigger_log_archive (record_id);
CREATE INDEX _trigger_log_archive_idx_state_table_name ON salesforce._trigger_log_archive (state, table_name)
    WHERE state = 'FAILED';

CREATE FUNCTION salesforce.tlog_notify_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('salesforce.hc_trigger_log', 'ping');
    RETURN new;
END $$;
CREATE TRIGGER tlog_insert_trigger AFTER INSERT ON salesforce._trigger_log
    FOR EACH ROW EXECUTE FUNCTION salesforce.tlog_notify_trigger();

CREATE FUNCTION salesforce.hc_capture_insert_from_row(
    source_row hstore, table_name varchar, excluded_cols text[] DEFAULT ARRAY[]::text[]
) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION salesforce.hc_capture_update_from_row(
    source_row hstore, table_name varchar, columns_to_include text[] DEFAULT ARRAY[]::text[]
) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;

-- Old columns, then Heroku Connect's own, then columns that were mapped later.
CREATE TABLE salesforce.account (
    name varchar(255), isdeleted boolean, systemmodstamp timestamp without time zone,
    createddate timestamp without time zone, sfid varchar(18) COLLATE pg_catalog.ucs_basic,
    id serial PRIMARY KEY, _hc_lastop varchar(32), _hc_err text,
    type varchar(40), externalid__c varchar(255), annualrevenue double precision,
    description text, phone varchar(40), loyalty integer DEFAULT 1
);
CREATE TABLE salesforce.contact (
    lastname varchar(80), accountid varchar(18), isdeleted boolean,
    systemmodstamp timestamp without time zone, createddate timestamp without time zone,
    sfid varchar(18), id integer NOT NULL DEFAULT 0, _hc_lastop varchar(32), _hc_err text,
    CONSTRAINT contact_pkey PRIMARY KEY (id)
);
CREATE SEQUENCE salesforce.contact_id_seq AS integer OWNED BY salesforce.contact.id;
ALTER TABLE salesforce.contact ALTER id SET DEFAULT nextval('salesforce.contact_id_seq');
CREATE TABLE salesforce.lead (
    company varchar(255), systemmodstamp timestamp without time zone, sfid varchar(18),
    id serial PRIMARY KEY, _hc_lastop varchar(32), _hc_err text
);
CREATE UNIQUE INDEX hcu_idx_account_sfid ON salesforce.account (sfid);
CREATE INDEX hc_idx_account_systemmodstamp ON salesforce.account (systemmodstamp);
CREATE UNIQUE INDEX hcu_idx_account_externalid__c ON salesforce.account (externalid__c);
CREATE INDEX hc_idx_account_name ON salesforce.account (name);
CREATE UNIQUE INDEX hcu_idx_contact_sfid ON salesforce.contact (sfid);
CREATE INDEX hc_idx_contact_systemmodstamp ON salesforce.contact (systemmodstamp);

DO $do$
DECLARE
    mapped text;
BEGIN
    FOREACH mapped IN ARRAY ARRAY['account', 'contact', 'lead'] LOOP
        EXECUTE format($f$
            CREATE FUNCTION salesforce.hc_%1$s_logger() RETURNS trigger LANGUAGE plpgsql AS $b$
            DECLARE
                hidden text[] := ARRAY['_hc_lastop', '_hc_err'];
                entry salesforce._trigger_log;
            BEGIN
                entry.id := nextval('salesforce._trigger_log_id_seq');
                entry.action := TG_OP;
                entry.table_name := TG_TABLE_NAME;
                entry.txid := txid_current();
                entry.created_at := clock_timestamp();
                entry.state := 'NEW';
                IF TG_OP = 'DELETE' THEN
                    entry.record_id := OLD.id;
                    entry.old := hstore(OLD.*) - hidden;
                    entry.sfid := OLD.sfid;
                    IF OLD.sfid IS NULL THEN
                        entry.state := 'IGNORE';
                    END IF;
                ELSIF TG_OP = 'INSERT' THEN
                    entry.record_id := NEW.id;
                    entry."values" := hstore(NEW.*) - hidden;
                ELSE
                    entry.record_id := NEW.id;
                    entry.old := hstore(OLD.*) - hidden;
                    entry."values" := hstore(NEW.*) - hstore(OLD.*) - hidden;
                    entry.sfid := OLD.sfid;
                    IF entry."values" = '' THEN
                        entry.state := 'IGNORE';
                    END IF;
                END IF;
                INSERT INTO salesforce._trigger_log VALUES (entry.*);
                RETURN NULL;
            END $b$;
            CREATE FUNCTION salesforce.hc_%1$s_status() RETURNS trigger LANGUAGE plpgsql AS $b$
            BEGIN
                IF get_xmlbinary() = 'base64' THEN
                    NEW._hc_lastop := 'PENDING';
                    NEW._hc_err := NULL;
                ELSE
                    NEW._hc_lastop := 'SYNCED';
                END IF;
                RETURN NEW;
            END $b$;
            CREATE TRIGGER hc_%1$s_status_trigger BEFORE INSERT OR UPDATE ON salesforce.%1$s
                FOR EACH ROW EXECUTE FUNCTION salesforce.hc_%1$s_status();
            CREATE TRIGGER hc_%1$s_logtrigger AFTER INSERT OR DELETE OR UPDATE ON salesforce.%1$s
                FOR EACH ROW WHEN (public.get_xmlbinary()::text = 'base64')
                EXECUTE FUNCTION salesforce.hc_%1$s_logger();
        $f$, mapped);
    END LOOP;
END $do$;

-- The application's own: a trigger that feeds back to Salesforce, one for what comes from there, a
-- view, a table that refers to a mapped one.
CREATE TABLE public.seen (account integer REFERENCES salesforce.account (id) ON DELETE CASCADE, what text);
CREATE VIEW public.big_accounts AS SELECT id, name FROM salesforce.account WHERE annualrevenue > 1000;

CREATE FUNCTION public.note_incoming() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.seen VALUES (NEW.id, TG_OP);
    RETURN NULL;
END $$;
CREATE TRIGGER incoming AFTER INSERT OR UPDATE ON salesforce.account
    FOR EACH ROW WHEN (public.get_xmlbinary()::text <> 'base64') EXECUTE FUNCTION public.note_incoming();

CREATE FUNCTION public.feed_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := public.get_xmlbinary();
BEGIN
    SET LOCAL xmlbinary TO 'base64';
    UPDATE salesforce.account SET description = 'has contacts'
    WHERE sfid = NEW.accountid AND description IS DISTINCT FROM 'has contacts';
    EXECUTE format('SET LOCAL xmlbinary TO %L', before);
    RETURN NULL;
END $$;
CREATE TRIGGER feeding AFTER INSERT ON salesforce.contact
    FOR EACH ROW WHEN (NEW.accountid IS NOT NULL) EXECUTE FUNCTION public.feed_back();
