-- types: heroku. Two tables that clients of Heroku Connect look for. Nothing here fills them.

CREATE SEQUENCE IF NOT EXISTS "{schema}"._hcmeta_id_seq AS integer;

CREATE TABLE IF NOT EXISTS "{schema}"._hcmeta (
    id integer NOT NULL DEFAULT nextval('"{schema}"._hcmeta_id_seq'::regclass),
    hcver integer,
    org_id varchar(50),
    details text,
    CONSTRAINT _hcmeta_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE "{schema}"._hcmeta_id_seq OWNED BY "{schema}"._hcmeta.id;

CREATE SEQUENCE IF NOT EXISTS "{schema}"._sf_event_log_id_seq AS integer;

CREATE TABLE IF NOT EXISTS "{schema}"._sf_event_log (
    id integer NOT NULL DEFAULT nextval('"{schema}"._sf_event_log_id_seq'::regclass),
    table_name varchar(128),
    action varchar(7),
    synced_at timestamptz DEFAULT now(),
    sf_timestamp timestamptz,
    sfid varchar(20),
    record text,
    processed boolean,
    CONSTRAINT _sf_event_log_pkey PRIMARY KEY (id)
);

ALTER SEQUENCE "{schema}"._sf_event_log_id_seq OWNED BY "{schema}"._sf_event_log.id;

CREATE INDEX IF NOT EXISTS idx__sf_event_log_comp_key ON "{schema}"._sf_event_log (table_name, synced_at);
CREATE INDEX IF NOT EXISTS idx__sf_event_log_sfid ON "{schema}"._sf_event_log (sfid);
