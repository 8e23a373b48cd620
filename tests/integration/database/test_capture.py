"""What the trigger log says of an application's writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.describes import desire

from connectsql.config.check import LONGEST_SCHEMA
from connectsql.database.apply import apply
from connectsql.database.connection import connect

CONFIG = """
mappings:
  - object: Account
    access: {access}
    fields: [Name, Phone, Revenue__c, Ext__c]
    log: {log}
"""
Session = psycopg.Connection


@pytest.fixture
def session(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[psycopg.Connection]:
    log, access = getattr(request, "param", ("changes", "read_write"))
    _, desired = desire(tmp_path, CONFIG.format(log=log, access=access))
    with connect(database) as connection:
        apply(connection, desired)
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


def entries(session: Session) -> list[tuple[object, ...]]:
    return session.execute(
        'SELECT state, action, record_id, sfid, old, "values" FROM salesforce._trigger_log '
        "ORDER BY id"
    ).fetchall()


full = pytest.mark.parametrize("session", [("full", "read_write")], indirect=True)


@pytest.mark.every_postgres
def test_changes_keeps_what_must_be_known(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a'), ('b')")
    session.execute("UPDATE salesforce.account SET phone = '1', name = name WHERE id = 1")
    session.execute("UPDATE salesforce.account SET phone = NULL WHERE id = 1")
    session.execute("DELETE FROM salesforce.account WHERE id = 2")
    assert entries(session) == [
        ("NEW", "INSERT", 1, None, None, None),
        ("NEW", "INSERT", 2, None, None, None),
        ("NEW", "UPDATE", 1, None, None, '"phone"=>"1"'),
        ("NEW", "UPDATE", 1, None, None, '"phone"=>NULL'),
        # Not known to Salesforce, unless its insert is on its way: then this tells which it was.
        (
            "IGNORE", "DELETE", 2, None,
            '"name"=>"b", "phone"=>NULL, "ext__c"=>NULL, "revenue__c"=>NULL', None,
        ),
    ]  # fmt: skip


def test_changes_does_not_see_what_changes_nothing(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    session.execute("UPDATE salesforce.account SET _hc_lastop = 'SYNCED'")
    session.execute("UPDATE salesforce.account SET name = 'a'")
    # systemmodstamp is Salesforce's own: a value written here has nowhere to go.
    session.execute("UPDATE salesforce.account SET systemmodstamp = now()")
    assert len(entries(session)) == 1
    assert session.execute("SELECT _hc_lastop FROM salesforce.account").fetchone() == ("SYNCED",)


def test_a_row_with_an_sfid_tells_it(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name, sfid) VALUES ('a', '001x')")
    session.execute("UPDATE salesforce.account SET name = 'b'")
    session.execute("DELETE FROM salesforce.account")
    assert [(one[0], one[1], one[3]) for one in entries(session)] == [
        ("NEW", "INSERT", None),
        ("NEW", "UPDATE", "001x"),
        ("NEW", "DELETE", "001x"),
    ]


@pytest.mark.parametrize("log", ["changes", "full"])
def test_columns_may_have_the_names_that_capturing_uses(
    database: str, tmp_path: Path, log: str
) -> None:
    config = CONFIG.format(log=log, access="read_write").replace(
        "[Name, Phone, Revenue__c,",
        "[{field: Name, column: old_rows}, {field: Phone, column: inserted},"
        " {field: Revenue__c, column: d},",
    )
    _, desired = desire(tmp_path, config)
    with connect(database) as connection:
        apply(connection, desired)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            "INSERT INTO salesforce.account (old_rows, inserted, d) VALUES ('a', 'b', 1)"
        )
        session.execute("UPDATE salesforce.account SET old_rows = 'c'")
        session.execute("DELETE FROM salesforce.account")
        found = entries(session)
    assert [one[:2] for one in found] == [
        ("NEW", "INSERT"), ("NEW", "UPDATE"), ("IGNORE", "DELETE"),
    ]  # fmt: skip
    assert found[1][5] == '"old_rows"=>"c"'
    assert '"inserted"=>"b"' in str(found[2][4])


def test_logged_values_do_not_depend_on_the_sessions_date_style(session: Session) -> None:
    session.execute("ALTER TABLE salesforce.account ALTER COLUMN phone TYPE date USING NULL")
    session.execute("ALTER TABLE salesforce.account ALTER COLUMN revenue__c TYPE float8")
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a'), ('b')")
    session.execute("SET datestyle TO German")
    session.execute("SET extra_float_digits TO -10")
    session.execute("UPDATE salesforce.account SET phone = '2024-02-29' WHERE id = 1")
    session.execute("UPDATE salesforce.account SET revenue__c = 1.23456789")
    assert [one[5] for one in entries(session)[2:]] == [
        '"phone"=>"2024-02-29"', '"revenue__c"=>"1.23456789"', '"revenue__c"=>"1.23456789"',
    ]  # fmt: skip


@full
@pytest.mark.every_postgres
def test_full_keeps_what_heroku_connect_keeps(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    session.execute("UPDATE salesforce.account SET phone = 'x' WHERE id = 1")
    session.execute("UPDATE salesforce.account SET phone = NULL WHERE id = 1")
    session.execute("UPDATE salesforce.account SET phone = NULL WHERE id = 1")
    session.execute("DELETE FROM salesforce.account")
    found = entries(session)
    assert [one[:4] for one in found] == [
        ("NEW", "INSERT", 1, None),
        ("NEW", "UPDATE", 1, None),
        ("NEW", "UPDATE", 1, None),
        ("IGNORE", "UPDATE", 1, None),
        ("IGNORE", "DELETE", 1, None),
    ]
    columns = "SELECT skeys(%s::hstore)"
    assert {row[0] for row in session.execute(columns, (found[0][5],))} == {
        "id", "sfid", "name", "phone", "revenue__c", "ext__c", "systemmodstamp", "isdeleted",
    }  # fmt: skip
    assert [one[5] for one in found[1:]] == ['"phone"=>"x"', '"phone"=>NULL', "", None]
    assert found[0][4] is None
    assert all('"name"=>"a"' in str(one[4]) for one in found[1:])


@pytest.mark.parametrize("session", [("full", "read_only")], indirect=True)
def test_a_read_only_table_logs_readonly(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    session.execute("UPDATE salesforce.account SET name = 'a'")
    session.execute("DELETE FROM salesforce.account")
    assert {one[0] for one in entries(session)} == {"READONLY"}


@pytest.mark.parametrize(
    "session", [("full", "read_write"), ("changes", "read_write")], indirect=True
)
def test_a_write_with_xmlbinary_hex_is_the_syncs_own(session: Session) -> None:
    session.execute("SET xmlbinary TO hex")
    session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    session.execute("UPDATE salesforce.account SET name = 'b'")
    session.execute("DELETE FROM salesforce.account")
    assert entries(session) == []


@full
def test_full_marks_rows_as_heroku_connect_does(session: Session) -> None:
    def mark() -> object:
        return session.execute("SELECT _hc_lastop, _hc_err FROM salesforce.account").fetchone()

    session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    assert mark() == ("PENDING", None)
    session.execute("SET xmlbinary TO hex")
    session.execute("UPDATE salesforce.account SET _hc_lastop = 'FAILED', _hc_err = 'why'")
    assert mark() == ("FAILED", "why")
    session.execute("UPDATE salesforce.account SET _hc_lastop = 'INSERTED'")
    assert mark() == ("INSERTED", "why")
    session.execute("UPDATE salesforce.account SET name = 'c'")
    assert mark() == ("SYNCED", None)
    session.execute("SET xmlbinary TO base64")
    session.execute("UPDATE salesforce.account SET name = 'c'")
    assert mark() == ("PENDING", None)


def test_a_role_without_rights_on_the_log_is_captured(session: Session, database: str) -> None:
    session.execute("CREATE ROLE writer_of_accounts")
    try:
        session.execute("GRANT USAGE ON SCHEMA salesforce TO writer_of_accounts")
        session.execute("GRANT INSERT, UPDATE ON salesforce.account TO writer_of_accounts")
        session.execute("GRANT USAGE ON SEQUENCE salesforce.account_id_seq TO writer_of_accounts")
        session.execute("SET ROLE writer_of_accounts")
        session.execute("SET search_path TO ''")
        session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
        session.execute("RESET ROLE")
        assert [one[1] for one in entries(session)] == ["INSERT"]
    finally:
        session.execute("RESET ROLE")
        session.execute("DROP OWNED BY writer_of_accounts")
        session.execute("DROP ROLE writer_of_accounts")


def test_a_rollback_leaves_nothing(session: Session) -> None:
    with session.transaction(force_rollback=True):
        session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    assert entries(session) == []


def test_capture_functions_queue_a_row_again(session: Session) -> None:
    session.execute("INSERT INTO salesforce.account (name, phone) VALUES ('a', '1')")
    session.execute("DELETE FROM salesforce._trigger_log")
    session.execute(
        "SELECT salesforce.hc_capture_insert_from_row(hstore(a.*), 'account', ARRAY['phone']) "
        "FROM salesforce.account AS a"
    )
    session.execute(
        "SELECT salesforce.hc_capture_update_from_row(hstore(a.*), 'account', ARRAY['phone']) "
        "FROM salesforce.account AS a"
    )
    inserted, updated = entries(session)
    assert inserted[:3] == ("NEW", "INSERT", 1)
    assert '"phone"' not in str(inserted[5])
    assert updated == ("NEW", "UPDATE", 1, None, None, '"phone"=>"1"')
    empty = session.execute(
        "SELECT salesforce.hc_capture_insert_from_row(''::hstore, 'account')"
    ).fetchone()
    assert empty == (None,)


def test_the_channel_is_notified_once_for_a_transaction(session: Session, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as listener:
        listener.execute('LISTEN "salesforce.hc_trigger_log"')
        # As an agent that sleeps: nobody else has to be told.
        listener.execute(
            "SELECT pg_advisory_lock(hashtextextended('connectsql.sleeping salesforce', 0))"
        )
        with session.transaction():
            session.execute("INSERT INTO salesforce.account (name) VALUES ('a'), ('b')")
            session.execute("UPDATE salesforce.account SET phone = '1'")
        heard = list(listener.notifies(timeout=10, stop_after=1))
        heard += list(listener.notifies(timeout=0))
    assert [one.payload for one in heard] == ["ping"]


@pytest.mark.every_postgres
@pytest.mark.parametrize("schema", ["s" * LONGEST_SCHEMA, "ü" * (LONGEST_SCHEMA // 2)])
def test_the_longest_name_of_a_schema_leaves_room_for_its_channel(
    schema: str, database: str, tmp_path: Path
) -> None:
    text = f"connection: {{schema: {schema}, types: heroku}}\n" + CONFIG.format(
        log="full", access="read_write"
    )
    _, desired = desire(tmp_path, text)
    with connect(database) as connection:
        apply(connection, desired)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(f"{schema}.hc_trigger_log")))
        table = sql.Identifier(schema, "account")
        session.execute(sql.SQL("INSERT INTO {} (name) VALUES ('a')").format(table))
        heard = [one.payload for one in session.notifies(timeout=0)]
    assert heard == ["ping"]
