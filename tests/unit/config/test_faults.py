"""Every mistake in a config's properties: the exact words, the line, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FaultsOf = Callable[[str], str]
MAPPING = "mappings: [{object: Account, fields: [Name]}]"

CONNECTION = {
    "unknown property": (
        "shema: sf",
        "c.yaml:2: shema is no property of connection\n    did you mean schema?",
    ),
    "unknown property unlike any": (
        "password: x",
        "c.yaml:2: password is no property of connection\n    what can stand here: name, schema, "
        "api_version, types, login, constraints, roles, heroku, retention, "
        "lookback_seconds, lease_seconds",
    ),
    "unknown property of retention": (
        "retention: {log_hour: 1}",
        "c.yaml:2: log_hour is no property of retention\n    did you mean log_hours?",
    ),
    "no time in the log": (
        "retention: {log_hours: 0}",
        "c.yaml:2: log_hours must be from 1 to 8760, not 0",
    ),
    "an archive for ever": (
        "retention: {archive_days: 10000}",
        "c.yaml:2: archive_days must be from 1 to 3650, not 10000",
    ),
    "a number for archive_values": (
        "retention: {archive_values: 0}",
        "c.yaml:2: archive_values must be true or false, not the number 0",
    ),
    "an archive that keeps nothing": (
        "retention:\n    log_hours: 48\n    archive_days: 2",
        "c.yaml:4: archive_days (2) is not longer than log_hours (48): "
        "what leaves the log would be deleted at once\n"
        "    both count from the change itself; keep the archive longer, or the log shorter",
    ),
    "a log longer than the usual archive": (
        "retention: {log_hours: 1000}",
        "c.yaml:2: archive_days (31) is not longer than log_hours (1000): "
        "what leaves the log would be deleted at once\n"
        "    both count from the change itself; keep the archive longer, or the log shorter",
    ),
    "retention as a number": (
        "retention: 31",
        "c.yaml:2: retention must be a group of properties, not the number 31\n"
        "    for example:  retention: {log_hours: 24, archive_days: 31}",
    ),
    "number for text": (
        "name: 5",
        "c.yaml:2: name must be text, not the number 5\n"
        '    put it in quotes if that is the name: "5"',
    ),
    "truth value for text": (
        "schema: false",
        "c.yaml:2: schema must be text, not false\n"
        '    put it in quotes if that is the name: "false"',
    ),
    "no value": ("schema:", "c.yaml:2: schema must be text, not nothing"),
    "empty text": ('schema: ""', "c.yaml:2: schema is empty"),
    "long text": (f"name: {'n' * 64}", "c.yaml:2: name is longer than 63 characters"),
    "unprintable name": (
        'name: "a\\nb"',
        "c.yaml:2: name holds a character that cannot be printed\n    remove it",
    ),
    "unprintable schema": (
        'schema: "a\\0b"',
        "c.yaml:2: schema holds a character that cannot be printed\n    remove it",
    ),
    "long schema": (
        f"schema: {'ü' * 32}",
        "c.yaml:2: schema is 64 bytes long; Postgres allows 63\n    choose a shorter name",
    ),
    "schema too long for its channel": (
        f"schema: {'s' * 49}",
        "c.yaml:2: schema is 49 bytes long; beyond 48 its notify channel, "
        "ssssssss….hc_trigger_log, has a longer name than Postgres allows\n"
        "    choose a shorter name",
    ),
    "percent in the schema": (
        'schema: "50% off"',
        "c.yaml:2: schema holds a %, which the agent's statements cannot\n    choose another name",
    ),
    "schema with our dollar quotes": (
        "schema: a$connectsql$b",
        "c.yaml:2: schema holds $connectsql$, between which the compiled functions stand\n"
        "    choose another name",
    ),
    "schema of Postgres": (
        "schema: pg_temp",
        "c.yaml:2: the schema pg_temp belongs to Postgres\n    choose another name",
    ),
    "schema of connectsql": (
        "schema: connectsql",
        "c.yaml:2: the schema connectsql holds connectsql's own functions\n    choose another name",
    ),
    "api_version without zero": (
        'api_version: "62"',
        'c.yaml:2: api_version must look like 62.0, not "62"\n'
        '    for example:  api_version: "62.0"',
    ),
    "api_version with a fraction": (
        "api_version: 62.5",
        "c.yaml:2: api_version must look like 62.0, not the number 62.5\n"
        '    for example:  api_version: "62.0"',
    ),
    "api_version of old": (
        "api_version: 45.0",
        "c.yaml:2: API version 45.0 is too old\n"
        '    use 46.0 or later, best the default:  api_version: "62.0"',
    ),
    "unknown choice": (
        "types: herku",
        'c.yaml:2: types must be native or heroku, not "herku"\n    did you mean heroku?',
    ),
    "choice unlike any": ("types: 5", "c.yaml:2: types must be native or heroku, not the number 5"),
    "too small": ("lease_seconds: 0", "c.yaml:2: lease_seconds must be from 1 to 86400, not 0"),
    "text for a number": (
        "lookback_seconds: 5m",
        'c.yaml:2: lookback_seconds must be a whole number, not "5m"',
    ),
    "octal number": (
        "lookback_seconds: 0300",
        "c.yaml:2: an unquoted 0300 means different things to different YAML readers\n"
        '    write "0300" in quotes for the text, or the number in plain decimal digits',
    ),
    "endless number": (
        f"lookback_seconds: {'9' * 19}",
        f"c.yaml:2: an unquoted {'9' * 19} means different things to different YAML readers\n"
        f'    write "{"9" * 19}" in quotes for the text; a number has at most 18 digits',
    ),
    "minutes and seconds": (
        "lookback_seconds: 5:00",
        "c.yaml:2: an unquoted 5:00 means different things to different YAML readers\n"
        '    write "5:00" in quotes for the text, or the number in plain decimal digits',
    ),
    "secret": (
        "login: {access_token: 00Dx!hidden}",
        "c.yaml:2: access_token stands in the config: secrets never do\n"
        "    put it into an environment variable or a file and name that:  "
        "access_token: {env: SALESFORCE_ACCESS_TOKEN}",
    ),
    "secret that looks like a number": (
        "login: {access_token: 0815}",
        "c.yaml:2: access_token stands in the config: secrets never do\n"
        "    put it into an environment variable or a file and name that:  "
        "access_token: {env: SALESFORCE_ACCESS_TOKEN}",
    ),
    "number as the name of a file": (
        "login: {access_token: {file: 4711}}",
        "c.yaml:2: file must be text, not a plain value\n    put it in quotes if that is the name",
    ),
    "login as a word": (
        "login: hidden",
        "c.yaml:2: login must be a group of properties, not a plain value\n"
        "    for example:  login: {access_token: {env: SALESFORCE_ACCESS_TOKEN}}",
    ),
    "secret as the name of a variable": (
        'login: {client_secret: {env: "00Dx!hidden"}}',
        "c.yaml:2: env must be the name of an environment variable\n"
        "    the value itself never stands in the config",
    ),
    "none of env, file and command": (
        "login: {client_id: {}}",
        "c.yaml:2: client_id has none of env, file and command\n    name one of them",
    ),
    "more than one of env, file and command": (
        "login: {client_id: {env: A, file: b}}",
        "c.yaml:2: client_id has more than one of env, file and command\n    name one of them",
    ),
    "http": (
        "login: {instance_url: http://example.com}",
        "c.yaml:2: instance_url must begin with https://: http is only for this machine\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "no scheme": (
        "login: {instance_url: example.com}",
        "c.yaml:2: instance_url must begin with https://\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "no host": (
        'login: {instance_url: "https://"}',
        "c.yaml:2: instance_url names no host\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "user in URL": (
        'login: {instance_url: "https://me:hidden@example.com"}',
        "c.yaml:2: instance_url holds a user or a password: secrets never stand in the config\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "path in URL": (
        "login: {instance_url: https://example.com/services}",
        "c.yaml:2: instance_url must end after the host\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "broken URL": (
        'login: {instance_url: "https://[::1"}',
        "c.yaml:2: instance_url is not a URL\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
    "URL of another kind": (
        "login: {instance_url: [a]}",
        "c.yaml:2: instance_url must be a URL, {env: NAME}, {file: PATH} or "
        "{command: [WORD, ...]}, not a list\n"
        "    for example:  instance_url: https://example.my.salesforce.com",
    ),
}


@pytest.mark.parametrize("case", CONNECTION)
def test_a_fault_of_the_connection(case: str, faults_of: FaultsOf) -> None:
    line, expected = CONNECTION[case]
    found = faults_of(f"connection:\n  {line}\n{MAPPING}\n")
    assert found == expected
    assert "hidden" not in found


WHOLE = {
    "version": (
        f"version: 2\n{MAPPING}",
        "c.yaml:1: version must be 1, not the number 2\n    this connectsql reads version 1",
    ),
    "version as text": (
        f'version: "1"\n{MAPPING}',
        'c.yaml:1: version must be 1, not "1"\n    this connectsql reads version 1',
    ),
    "no mappings": (
        "version: 1",
        "c.yaml:1: the config has no mappings\n"
        "    for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    ),
    "empty mappings": (
        "version: 1\nmappings: []",
        "c.yaml:2: mappings is empty\n"
        "    for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    ),
    "mappings as a group": (
        "mappings:\n  Account: {fields: [Name]}",
        "c.yaml:1: mappings must be a list, not a group of properties\n"
        "    for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    ),
    "mapping as a word": (
        "mappings:\n  - Account",
        'c.yaml:2: mapping 1 must be a group of properties, not "Account"',
    ),
    "no object": (
        "mappings:\n  - fields: [Name]",
        "c.yaml:2: mapping 1 has no object\n    for example:  object: Account",
    ),
    "misspelt object": (
        "mappings:\n  - objet: Account\n    fields: [{feild: Name}]",
        "c.yaml:2: objet is no property of mapping 1\n    did you mean object?\n"
        "c.yaml:3: feild is no property of entry 1 of fields\n    did you mean field?",
    ),
    "no fields": (
        "mappings:\n  - object: Account",
        "c.yaml:2: the mapping of Account has no fields\n    for example:  fields: [Name, Phone]",
    ),
    "twice the same property": (
        f"version: 1\n{MAPPING}\nversion: 1",
        "c.yaml:3: version stands here twice, first in line 1\n    keep one of the two",
    ),
    "connection without value": (
        f"connection:\n{MAPPING}",
        "c.yaml:1: connection must be a group of properties, not nothing\n"
        "    for example:  connection: {schema: salesforce}",
    ),
    "merge key": (
        "mappings:\n  - &a {object: A, fields: [B]}\n  - {object: C, fields: [D], <<: *a}",
        "c.yaml:3: << is no property of the mapping of C\n"
        "    merge keys are not read; write the properties out",
    ),
    "Heroku Connect's export": (
        '{"version": 1,\n "mappings": [{"object_name": "Account", "config": {}}]}',
        "c.yaml:2: this is a Heroku Connect export, not a config\n"
        "    turn it into one with: connectsql init --from-heroku c.yaml",
    ),
    "one object twice": (
        "mappings:\n  - {object: Account, fields: [Name]}\n"
        "  - {object: ACCOUNT, table: b, fields: [Name]}",
        "c.yaml:3: ACCOUNT is mapped twice, first in line 2\n"
        "    put all its fields into one mapping; an object has one table",
    ),
    "one table twice": (
        "mappings:\n  - {object: Account, table: Odd, fields: [Name]}\n"
        "  - {object: Contact, table: odd, fields: [Name]}",
        "c.yaml:3: the table odd is taken: Account has it\n"
        "    give Contact a table of its own; case does not count",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_fault_of_the_whole(case: str, faults_of: FaultsOf) -> None:
    content, expected = WHOLE[case]
    assert faults_of(content) == expected


MAPPED = {
    "misspelt property": (
        "acess: read_write",
        "c.yaml:4: acess is no property of the mapping of Account\n    did you mean access?",
    ),
    "misspelt choice": (
        "access: readwrite",
        'c.yaml:4: access must be read_only or read_write, not "readwrite"\n'
        "    did you mean read_write?",
    ),
    "poll_seconds": (
        "poll_seconds: 86401",
        "c.yaml:4: poll_seconds must be from 1 to 86400, not 86401",
    ),
    "fraction": (
        "poll_seconds: 1.5",
        "c.yaml:4: poll_seconds must be a whole number, not the number 1.5",
    ),
    "truth value": (
        "poll_seconds: true",
        "c.yaml:4: poll_seconds must be a whole number, not true",
    ),
    "replicated without a log": (
        "replicated: true",
        "c.yaml:4: replicated has no use here: the mapping of Account is read_only, "
        "and with log: changes nothing of it is captured\n"
        "    add access: read_write or log: full, or remove replicated",
    ),
    "a word for partitioned": (
        "partitioned: range",
        'c.yaml:4: partitioned must be true or false, not "range"',
    ),
    "unique index of a partitioned table": (
        "partitioned: true\n    indexes: [{field: Name, unique: true}]",
        "c.yaml:5: the index on Name cannot be unique: the table of Account is partitioned\n"
        "    index it by its name alone: Name",
    ),
    "index built concurrently on a partitioned table": (
        "partitioned: true\n    indexes: [{field: Name, concurrently: true}]",
        "c.yaml:5: the index on Name cannot be built concurrently: "
        "the table of Account is partitioned\n"
        "    index it by its name alone: Name",
    ),
    "read_write field on read_only": (
        "exclude: []\n  - object: Contact\n    fields: [{field: Email, access: read_write}]",
        "c.yaml:6: Email is read_write and the mapping of Contact read_only: "
        "nothing would be sent\n"
        "    add access: read_write to the mapping, or remove that of Email",
    ),
    "upsert_field on read_only": (
        "upsert_field: Key__c",
        "c.yaml:4: upsert_field has no use here: the mapping of Account is read_only\n"
        "    add access: read_write, or remove upsert_field",
    ),
    "upsert_field misspelt": (
        "access: read_write\n    upsert_field: Kye__c",
        "c.yaml:5: the upsert_field Kye__c needs a field that is not mapped\n"
        "    did you mean Key__c?",
    ),
    "upsert_field not mapped": (
        "access: read_write\n    upsert_field: PG_UUID__c",
        "c.yaml:5: the upsert_field PG_UUID__c needs a field that is not mapped\n"
        "    add PG_UUID__c to fields",
    ),
    "upsert_field Id": (
        "access: read_write\n    upsert_field: Id",
        "c.yaml:5: Id cannot be the upsert_field: Salesforce sets it\n"
        "    name a field that is External ID and Unique in Salesforce",
    ),
    "index not mapped": (
        "indexes:\n      - Name\n      - Phone",
        "c.yaml:6: the index on Phone needs a field that is not mapped\n    add Phone to fields",
    ),
    "index twice": (
        "indexes:\n      - Name\n      - {field: name, unique: true}",
        "c.yaml:6: name is indexed twice, first in line 5\n    keep one of the two",
    ),
    "index of another kind": (
        "indexes: [5]",
        "c.yaml:4: entry 1 of indexes must be a field's name or {field: NAME, unique: true}, "
        "not the number 5\n    for example:  indexes: [Name, {field: Email, unique: true}]",
    ),
    "index without field": (
        "indexes: [{unique: true}]",
        "c.yaml:4: entry 1 of indexes has no field\n    for example:  {field: Email}",
    ),
    "index unique: yes": (
        "indexes: [{field: Name, unique: yes}]",
        "c.yaml:4: an unquoted yes means different things to different YAML readers\n"
        '    write "yes" in quotes for the word, or true for the truth value',
    ),
    "indexes as a word": (
        "indexes: Name",
        'c.yaml:4: indexes must be a list, not "Name"\n'
        "    for example:  indexes: [Name, {field: Email, unique: true}]",
    ),
    "percent in the table": (
        "table: a%b",
        "c.yaml:4: table holds a %, which the agent's statements cannot\n    choose another name",
    ),
    "reserved table": (
        "table: _Trigger_Log",
        "c.yaml:4: a table cannot be called _Trigger_Log: that is the queue of changes\n"
        "    choose another name",
    ),
    "reserved table of the archive": (
        "table: _trigger_log_archive",
        "c.yaml:4: a table cannot be called _trigger_log_archive: that is the queue's archive\n"
        "    choose another name",
    ),
    "long table": (
        f"table: {'t' * 64}",
        "c.yaml:4: table is 64 bytes long; Postgres allows 63\n    choose a shorter name",
    ),
}


@pytest.mark.parametrize("case", MAPPED)
def test_a_fault_of_a_mapping(case: str, faults_of: FaultsOf) -> None:
    line, expected = MAPPED[case]
    content = f"mappings:\n  - object: Account\n    fields: [Name, Key__c]\n    {line}\n"
    assert faults_of(content) == expected


@pytest.mark.parametrize("table", ["_hcmeta", "_sf_event_log"])
def test_tables_that_clients_of_heroku_connect_expect(table: str, faults_of: FaultsOf) -> None:
    assert faults_of(f"mappings: [{{object: A, table: {table}, fields: [B]}}]") == (
        f"c.yaml:1: a table cannot be called {table}: that is a table Heroku Connect's clients "
        "expect\n    choose another name"
    )


FIELDS = {
    "empty": (
        "[]",
        "c.yaml:3: fields is empty\n    for example:  fields: [Name, Phone]",
    ),
    "as a group": (
        "{Name: {}}",
        "c.yaml:3: fields must be a list, not a group of properties\n"
        "    for example:  fields: [Name, Phone]",
    ),
    "a truth value": (
        "\n      - Name\n      - no",
        "c.yaml:5: an unquoted no means different things to different YAML readers\n"
        '    write "no" in quotes for the word, or false for the truth value',
    ),
    "a number": (
        "\n      - Name\n      - 5",
        "c.yaml:5: entry 2 of fields must be a field's name or {field: NAME, column: NAME}, "
        "not the number 5\n    for example:  fields: [Name, Phone]",
    ),
    "a path": (
        "\n      - Owner.Name",
        'c.yaml:4: entry 1 of fields is no API name: "Owner.Name"\n'
        "    a parent's external id is written Account__ExternalId__c",
    ),
    "a sentence": (
        "\n      - 'First Name, the given one, not the family one'",
        'c.yaml:4: entry 1 of fields is no API name: "First Name, the given one, not the famil…"'
        "\n    an API name is letters, digits and _, and begins with a letter",
    ),
    "twice": (
        "\n      - Name\n      - Phone\n      - NAME",
        "c.yaml:6: NAME is listed twice, first in line 4\n    remove one; case does not count",
    ),
    "a column of the table": (
        "\n      - sfid",
        "c.yaml:4: sfid is no field of Salesforce: it is the column that holds Salesforce's Id; "
        "list Id, or nothing: it comes along\n    remove it from fields",
    ),
    "too long for a column": (
        f"\n      - A{'_' * 62}c",
        f"c.yaml:4: the column of A{'_' * 62}c is 64 bytes long; Postgres allows 63\n"
        "    choose a shorter name",
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_fault_of_the_fields(case: str, faults_of: FaultsOf) -> None:
    fields, expected = FIELDS[case]
    assert faults_of(f"mappings:\n  - object: Account\n    fields: {fields}\n") == expected


def test_all_faults_are_told_at_once_and_none_that_only_follows(faults_of: FaultsOf) -> None:
    found = faults_of("""
        connection:
          schema: pg_x
          login: {access_token: hidden, instance_url: http://example.com}
        mappings:
          - object: Account
            acess: read_write
            upsert_field: Key__c
            fields: [Name, no, Key__c, name]
            indexes: [Name, name]
          - object: account
            writes: orderd
            fields: [Name]
    """)
    told = [line for line in found.splitlines() if not line.startswith("    ")]
    assert told == [
        "c.yaml:2: the schema pg_x belongs to Postgres",
        "c.yaml:3: access_token stands in the config: secrets never do",
        "c.yaml:3: instance_url must begin with https://: http is only for this machine",
        "c.yaml:6: acess is no property of the mapping of Account",
        "c.yaml:8: an unquoted no means different things to different YAML readers",
        "c.yaml:8: name is listed twice, first in line 8",
        "c.yaml:10: account is mapped twice, first in line 5",
        'c.yaml:11: writes must be merged or ordered, not "orderd"',
    ]
