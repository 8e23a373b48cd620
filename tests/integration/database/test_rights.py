"""Least privilege: each role can do what the config grants it, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.describes import ACCOUNT, CONTACT, desire, field, sobject
from support.postgres import TestServer
from support.world import world

from connectsql.compiler import check, render
from connectsql.compiler.model import Desired
from connectsql.config.model import Retention
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect, connect_agent
from connectsql.database.trigger_log import TriggerLog
from connectsql.describe.model import Org

AGENT, APPLICATION, READER, OTHER = 'the "agent"', "Web-App", "reader's", "select"
ROLES = (AGENT, APPLICATION, READER, OTHER)
PASSWORD = "of a test"
SHARED = sobject("Shared__c", field("Name", nillable=False))
CONFIG = """
connection:
  schema: "{schema}"
  constraints: warn
  roles: {{agent: 'the "agent"', applications: [Web-App], readers: ["reader's"]}}
mappings:
  - {{object: Account, access: read_write, fields: [Name, Phone], log: {log}}}
  - {{object: Contact, fields: [LastName]}}
  - {{object: Shared__c, access: read_write, fields: [Name], roles: {{applications: [select]}}}}
"""
OPERATORS = [
    ("*=", "s.account", "s.account"), ("=", "varchar", "varchar"), ("<>", "varchar", "varchar"),
    ("=", "name", "varchar"), ("||", "name", "name"), ("||", "text[]", "text[]"),
]  # fmt: skip
DENIED = psycopg.errors.InsufficientPrivilege


def desired(folder: Path, *, log: str = "changes", schema: str = "Odd Schema") -> Desired:
    org = Org((ACCOUNT, CONTACT, SHARED))
    return desire(folder, CONFIG.format(log=log, schema=schema), org)[1]


@pytest.fixture
def roles(postgres_server: TestServer, database: str) -> Iterator[None]:
    """Roles that may do nothing yet, on a database where PUBLIC may do nothing but connect."""
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        for role in ROLES:
            run(
                admin, "CREATE ROLE {} LOGIN PASSWORD {}", name(role), psycopg.sql.Literal(PASSWORD)
            )
        with psycopg.connect(database, autocommit=True) as session:
            own = name(session.info.dbname)
            run(session, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", own)
            run(session, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        try:
            yield
        finally:
            for role in ROLES:
                with psycopg.connect(database, autocommit=True) as session:
                    run(session, "DROP OWNED BY {}", name(role))
                run(admin, "DROP ROLE {}", name(role))


def name(*parts: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(*parts)


def run(
    session: psycopg.Connection[Any], text: LiteralString, *values: psycopg.sql.Composable
) -> None:
    session.execute(psycopg.sql.SQL(text).format(*values))


def login(database: str, role: str) -> str:
    return make_conninfo(database, user=role, password=PASSWORD)


@contextmanager
def as_role(
    database: str, role: str, schema: str = "Odd Schema"
) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(login(database, role), autocommit=True) as session:
        run(session, "SET search_path TO {}", name(schema))
        yield session


def applied(database: str, wanted: Desired) -> None:
    with connect(database) as connection:
        apply(connection, wanted)
        assert plan(connection, wanted).changes == ()


def refused(session: psycopg.Connection[Any], *statements: str) -> None:
    for statement in statements:
        with pytest.raises(DENIED):
            session.execute(statement.encode())


def entries(database: str, schema: str = "Odd Schema") -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as session:
        query = psycopg.sql.SQL("SELECT action, table_name FROM {} ORDER BY id")
        return session.execute(query.format(name(schema, "_trigger_log"))).fetchall()


@pytest.mark.every_postgres
@pytest.mark.parametrize("log", ["changes", "full"])
@pytest.mark.usefixtures("roles")
def test_an_application_writes_mapped_tables_and_nothing_else(
    database: str, tmp_path: Path, log: str
) -> None:
    applied(database, desired(tmp_path, log=log))
    with as_role(database, APPLICATION) as session:
        session.execute("INSERT INTO account (name, phone) VALUES ('a', '1'), (NULL, '2')")
        session.execute("UPDATE account SET phone = '3' WHERE name = 'a'")
        session.execute("DELETE FROM account WHERE name = 'a'")
        assert session.execute("SELECT phone FROM account").fetchall() == [("2",)]
        assert session.execute("SELECT * FROM contact").fetchall() == []
        refused(
            session,
            "INSERT INTO contact (lastname) VALUES ('a')",
            "UPDATE contact SET lastname = 'a'",
            "DELETE FROM contact",
            "TRUNCATE account",
            "SELECT nextval('contact_id_seq')",
            "SELECT setval('account_id_seq', 1)",
            "SELECT * FROM shared__c",
            "SELECT * FROM _trigger_log",
            "INSERT INTO _trigger_log (state) VALUES ('NEW')",
            "DELETE FROM _trigger_log",
            "SELECT * FROM _trigger_log_archive",
            "SELECT * FROM connectsql.violation",
            "SELECT connectsql.note('s', '{}')",
            "SELECT * FROM connectsql.catalog('s')",
            "ALTER TABLE account DISABLE TRIGGER ALL",
            "CREATE TABLE other (x int)",
            "INSERT INTO connectsql.mapping (schema_name, table_name) VALUES ('s', 't')",
        )
    written = [action for action, table in entries(database) if table == "account"]
    assert written == ["INSERT", "INSERT", "UPDATE", "DELETE"]
    with psycopg.connect(database) as session:
        noted = session.execute("SELECT rule FROM connectsql.violation").fetchall()
    assert noted == [("account_name_required",)]


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
def test_a_mappings_own_roles_stand_for_the_connections(database: str, tmp_path: Path) -> None:
    applied(database, desired(tmp_path))
    with as_role(database, OTHER) as session:
        session.execute("INSERT INTO shared__c (name) VALUES ('a')")
        refused(session, "SELECT * FROM account", "SELECT * FROM contact")


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
def test_a_reader_reads(database: str, tmp_path: Path) -> None:
    applied(database, desired(tmp_path))
    with as_role(database, READER) as session:
        session.execute("SELECT * FROM account, contact")
        refused(
            session,
            "INSERT INTO account (name) VALUES ('a')",
            "UPDATE account SET name = 'a'",
            "DELETE FROM account",
            "SELECT * FROM shared__c",
            "SELECT * FROM _trigger_log",
        )


@pytest.mark.every_postgres
@pytest.mark.parametrize("log", ["changes", "full"])
@pytest.mark.usefixtures("roles")
def test_nobody_can_forge_entries_with_a_table_of_his_own(
    database: str, tmp_path: Path, log: str
) -> None:
    applied(database, desired(tmp_path, log=log))
    with psycopg.connect(database, autocommit=True) as session:
        run(session, "CREATE SCHEMA own AUTHORIZATION {}", name(APPLICATION))
    with as_role(database, APPLICATION, "own") as session:
        session.execute(
            "CREATE TABLE account (id bigint, sfid text, _hc_lastop text, _hc_err text)"
        )
        triggers = {
            "capture_full('account', 'read_write')": "AFTER UPDATE ON account FOR EACH ROW",
            "capture_full_inserts('account', 'read_write')": (
                "AFTER INSERT ON account REFERENCING NEW TABLE AS inserted"
            ),
            "capture_changes('account', 'id')": "AFTER UPDATE ON account FOR EACH ROW",
            "capture_deletes('id')": "AFTER DELETE ON account REFERENCING OLD TABLE AS deleted",
            "capture_inserts()": "AFTER INSERT ON account REFERENCING NEW TABLE AS inserted",
            "tlog_notify_trigger()": "AFTER INSERT ON account",
            "mark_full()": "BEFORE INSERT ON account FOR EACH ROW",
            "mark_inserts()": "BEFORE INSERT ON account FOR EACH ROW",
            "refuse_truncate()": "BEFORE TRUNCATE ON account",
            "check_account_for_org()": "AFTER INSERT ON account FOR EACH ROW",
        }
        for function, when in triggers.items():
            refused(session, f'CREATE TRIGGER t {when} EXECUTE FUNCTION "Odd Schema".{function}')
    assert entries(database) == []


@pytest.mark.every_postgres
@pytest.mark.parametrize("log", ["changes", "full"])
@pytest.mark.usefixtures("roles")
def test_what_others_put_beside_hstore_is_never_run(
    database: str, tmp_path: Path, log: str
) -> None:
    """Where hstore's schema is everybody's, an operator that fits better must not be called."""
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC")
    applied(database, desired(tmp_path, log=log, schema="s"))
    with as_role(database, READER, "public") as session:
        session.execute(
            "CREATE FUNCTION trap() RETURNS void LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE 'trapped'; END $$"
        )
        for number, (operator, left, right) in enumerate(OPERATORS):
            session.execute(
                f"CREATE FUNCTION trap{number}({left}, {right}) RETURNS boolean LANGUAGE sql AS "
                f"$$ SELECT trap(); SELECT true $$".encode()
            )
            session.execute(
                f"CREATE OPERATOR {operator} (FUNCTION = trap{number}, LEFTARG = {left}, "
                f"RIGHTARG = {right})".encode()
            )
    with as_role(database, APPLICATION, "s") as session:
        session.execute("INSERT INTO account (name, phone) VALUES ('a', '1')")
        session.execute("UPDATE account SET phone = '3'")
        session.execute("UPDATE account SET phone = '3'")
        session.execute("DELETE FROM account")
    assert [action for action, _ in entries(database, "s")][:2] == ["INSERT", "UPDATE"]


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
def test_applications_need_no_right_on_the_schema_of_hstore(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("CREATE SCHEMA elsewhere")
        session.execute("CREATE EXTENSION hstore SCHEMA elsewhere")
    for log in ("changes", "full"):
        applied(database, desired(tmp_path, log=log))
        with as_role(database, APPLICATION) as session:
            session.execute("INSERT INTO account (name) VALUES ('a')")
            session.execute("UPDATE account SET phone = '1'")
            session.execute("DELETE FROM account")


def test_grants_are_taken_back_as_the_config_changes(
    database: str, tmp_path: Path, roles: None
) -> None:
    wanted = desired(tmp_path)
    applied(database, wanted)
    fewer = replace(
        wanted,
        roles=replace(wanted.roles, applications=(), readers=(APPLICATION,)),
        tables=tuple(
            replace(one, roles=replace(one.roles, applications=(), readers=(APPLICATION,)))
            for one in wanted.tables
        ),
    )
    applied(database, fewer)
    with as_role(database, APPLICATION) as session:
        session.execute("SELECT * FROM account")
        refused(session, "INSERT INTO account (name) VALUES ('a')")
    for role in (READER, OTHER):
        with as_role(database, role) as session:
            refused(session, 'SELECT * FROM "Odd Schema".account')


def test_one_role_may_be_everything(database: str, tmp_path: Path, roles: None) -> None:
    wanted = desired(tmp_path)
    every = replace(wanted.roles, applications=(AGENT,), readers=(AGENT,))
    one = replace(
        wanted, roles=every, tables=tuple(replace(table, roles=every) for table in wanted.tables)
    )
    check.check(render.script(one))
    applied(database, one)
    with as_role(database, AGENT) as session:
        session.execute("INSERT INTO account (name) VALUES ('a')")


WORLD = """
connection:
  lease_seconds: 2
  roles: {agent: 'the "agent"', applications: [Web-App]}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, ExternalId__c]
  - object: Contact
    access: read_write
    log: full
    fields: [LastName, AccountId]
"""


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
def test_the_agent_syncs_with_no_more_rights_than_it_is_granted(
    database: str, tmp_path: Path
) -> None:
    with world(database, tmp_path, WORLD) as made:
        made.call("POST", "sobjects/Account", {"Name": "theirs"})
        agent = replace(made, database=login(database, AGENT))
        agent.once()
        with as_role(database, APPLICATION, "salesforce") as session:
            session.execute("INSERT INTO account (name, externalid__c) VALUES ('ours', 'e')")
            session.execute("INSERT INTO contact (lastname) VALUES ('theirs')")
            session.execute("UPDATE account SET phone = '7' WHERE name = 'theirs'")
        summary = agent.once()
        assert (summary.sent, summary.failed, summary.problems) == (3, 0, {})
        with as_role(database, APPLICATION, "salesforce") as session:
            session.execute("DELETE FROM account WHERE name = 'ours'")
        assert agent.once().failed == 0
        found = made.records("SELECT Name, Phone FROM Account")
        assert found == [{"Name": "theirs", "Phone": "7"}]
        with as_role(database, AGENT, "salesforce") as session:
            refused(
                session,
                "DROP TABLE account",
                "TRUNCATE _trigger_log",
                "UPDATE connectsql.object SET definition = ''",
                "UPDATE connectsql.connection SET fingerprint = ''",
            )


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
def test_the_agent_may_tidy_up(database: str, tmp_path: Path) -> None:
    """What is done leaves the log after a day; the archive and violations are kept for 31."""
    wanted = desired(tmp_path, schema="s")
    applied(database, wanted)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            "INSERT INTO s._trigger_log (created_at, state, table_name) "
            "SELECT now() - age, 'SUCCESS', 'account' "
            "FROM unnest('{1 hour,2 days,32 days}'::interval[]) AS one (age)"
        )
        session.execute(
            "INSERT INTO connectsql.violation (schema_name, table_name, record_id, rule, noted_at) "
            "SELECT schema, 'account', 1, age, now() - age::interval "
            "FROM unnest('{s,other}'::text[]) AS a (schema), "
            "unnest('{30 days,32 days}'::text[]) AS b (age)"
        )
        with connect_agent(login(database, AGENT)) as connection:
            TriggerLog(connection, wanted, agent=1).archive(Retention(), lambda: False)
        kept = [
            session.execute(f"SELECT count(*) FROM s.{log}".encode()).fetchone()
            for log in ("_trigger_log", "_trigger_log_archive")
        ]
        violations = session.execute(
            "SELECT schema_name, rule FROM connectsql.violation ORDER BY id"
        ).fetchall()
    assert kept == [(1,), (1,)]
    assert violations == [("s", "30 days"), ("other", "30 days"), ("other", "32 days")]
