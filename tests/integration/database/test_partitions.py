"""A partitioned table: its partitions' writes are captured, and the log names the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.describes import desire

from connectsql.compiler.model import Desired
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect

MAPPING = """
connection: {{schema: "Odd Schema"}}
mappings:
  - object: Account
    table: Odd Konto
    access: read_write
    upsert_field: Ext__c
    fields: [Name, Phone, Ext__c]
    partitioned: true
    {more}
"""
TABLE = """
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Odd Konto" (
    sfid varchar(18) COLLATE "C", id bigserial, _hc_lastop varchar(32), _hc_err text,
    phone varchar(80)
) PARTITION BY LIST (phone);
CREATE TABLE "Odd Schema".east PARTITION OF "Odd Schema"."Odd Konto" FOR VALUES IN ('east');
CREATE TABLE "Odd Schema".rest PARTITION OF "Odd Schema"."Odd Konto" DEFAULT
"""
Session = psycopg.Connection[Any]
Start = Callable[[str], Session]
either_log = pytest.mark.parametrize("log", ["log: changes", "log: full"])


def wanted(folder: Path, more: str) -> Desired:
    return desire(folder, MAPPING.format(more=more))[1]


@pytest.fixture
def start(database: str, tmp_path: Path) -> Iterator[Start]:
    """Apply a mapping to the partitioned table and give a session of an application."""
    with psycopg.connect(database, autocommit=True) as session:

        def _start(more: str) -> Session:
            session.execute(TABLE)
            desired = wanted(tmp_path, more)
            with connect(database) as connection:
                apply(connection, desired)
                again = plan(connection, desired)
                assert (again.changes, again.notes) == ((), ())
            session.execute('SET search_path TO "Odd Schema", public')
            return session

        yield _start


def entries(session: Session) -> list[tuple[Any, ...]]:
    return session.execute(
        "SELECT action, state, table_name, record_id, sfid FROM _trigger_log ORDER BY id"
    ).fetchall()


def synced(session: Session) -> None:
    """Leave a row in the east that Salesforce has."""
    session.execute("SET xmlbinary TO hex")
    session.execute(
        "INSERT INTO \"Odd Konto\" (name, phone, sfid, id) VALUES ('a', 'east', '001x', 7)"
    )
    session.execute("SET xmlbinary TO base64")


def place(session: Session) -> list[tuple[Any, ...]]:
    return session.execute('SELECT tableoid::regclass::text, id FROM "Odd Konto"').fetchall()


@either_log
@pytest.mark.every_postgres
def test_writes_into_the_table_and_into_a_partition_are_captured_alike(
    start: Start, log: str
) -> None:
    session = start(log)
    for target in ('"Odd Konto"', "east"):
        session.execute(f"INSERT INTO {target} (id, name, phone) VALUES (5, 'a', 'east')")
        marks = session.execute('SELECT _hc_lastop FROM "Odd Konto"').fetchall()
        assert marks == [("PENDING",)]
        session.execute(f"UPDATE {target} SET name = 'b', sfid = '001x'")
        session.execute(f"DELETE FROM {target}")
    assert entries(session) == 2 * [
        ("INSERT", "NEW", "Odd Konto", 5, None),
        ("UPDATE", "NEW", "Odd Konto", 5, None),
        ("DELETE", "NEW", "Odd Konto", 5, "001x"),
    ]


@either_log
@pytest.mark.every_postgres
def test_a_row_that_moves_to_another_partition_is_updated(start: Start, log: str) -> None:
    session = start(log)
    synced(session)
    session.execute("UPDATE \"Odd Konto\" SET phone = 'west', name = 'b'")
    assert place(session) == [("rest", 7)]
    assert entries(session) == [("UPDATE", "NEW", "Odd Konto", 7, "001x")]
    [(before, after, mark)] = session.execute(
        "SELECT l.old::hstore, l.values::hstore - ARRAY['_hc_lastop'], k._hc_lastop "
        'FROM _trigger_log AS l, "Odd Konto" AS k'
    ).fetchall()
    assert after == '"name"=>"b", "phone"=>"west"'
    assert '"name"=>"a"' in before
    assert '"phone"=>"east"' in before
    assert mark == "PENDING"


@either_log
@pytest.mark.every_postgres
def test_rows_without_sfid_move_with_their_waiting_changes(start: Start, log: str) -> None:
    session = start(log)
    session.execute("INSERT INTO east (id, name, phone) VALUES (5, 'a', 'east'), (6, 'b', 'east')")
    session.execute("UPDATE \"Odd Konto\" SET phone = 'west'")
    assert place(session) == [("rest", 5), ("rest", 6)]
    assert [one[:4] for one in entries(session)] == [
        ("INSERT", "NEW", "Odd Konto", 5),
        ("INSERT", "NEW", "Odd Konto", 6),
        ("UPDATE", "NEW", "Odd Konto", 5),
        ("UPDATE", "NEW", "Odd Konto", 6),
    ]


@either_log
@pytest.mark.every_postgres
def test_a_row_can_move_and_be_given_another_id_at_once(start: Start, log: str) -> None:
    session = start(log)
    synced(session)
    session.execute("UPDATE \"Odd Konto\" SET name = 'b'")
    session.execute("UPDATE \"Odd Konto\" SET phone = 'west', id = 70")
    assert entries(session) == 2 * [("UPDATE", "NEW", "Odd Konto", 70, "001x")]


@either_log
def test_a_row_that_takes_the_place_of_a_deleted_one_is_another(start: Start, log: str) -> None:
    session = start(log)
    synced(session)
    with session.transaction():
        session.execute('DELETE FROM "Odd Konto"')
        session.execute("INSERT INTO east (id, name, phone) VALUES (7, 'a', 'east')")
    assert entries(session) == [
        ("DELETE", "NEW", "Odd Konto", 7, "001x"),
        ("INSERT", "NEW", "Odd Konto", 7, None),
    ]


def test_what_was_deleted_in_an_earlier_transaction_is_not_moved(start: Start) -> None:
    session = start("log: changes")
    synced(session)
    session.execute('DELETE FROM "Odd Konto"')
    session.execute(
        "INSERT INTO east (id, name, phone, sfid) VALUES (7, 'a', 'east', '001x')",
    )
    assert [one[0] for one in entries(session)] == ["DELETE", "INSERT"]


@either_log
@pytest.mark.every_postgres
def test_a_partition_that_comes_later_is_captured(start: Start, log: str) -> None:
    session = start(log)
    session.execute('CREATE TABLE south (LIKE "Odd Konto"); CREATE TABLE north (LIKE east)')
    session.execute("ALTER TABLE \"Odd Konto\" ATTACH PARTITION south FOR VALUES IN ('south')")
    session.execute("CREATE TABLE new PARTITION OF \"Odd Konto\" FOR VALUES IN ('new')")
    session.execute("INSERT INTO south (id, name, phone) VALUES (1, 'a', 'south')")
    session.execute("INSERT INTO new (id, name, phone) VALUES (2, 'a', 'new')")
    session.execute("INSERT INTO north (id, name, phone) VALUES (3, 'no partition', 'x')")
    assert [one[:4] for one in entries(session)] == [
        ("INSERT", "NEW", "Odd Konto", 1),
        ("INSERT", "NEW", "Odd Konto", 2),
    ]
    marks = session.execute('SELECT DISTINCT _hc_lastop FROM "Odd Konto"').fetchall()
    assert marks == [("PENDING",)]


@either_log
@pytest.mark.every_postgres
@pytest.mark.parametrize("replicated", [True, False])
def test_replicated_rows_are_captured_where_they_are_to_be(
    start: Start, log: str, replicated: bool
) -> None:
    session = start(f"{log}\n    replicated: {str(replicated).lower()}")
    session.execute("CREATE TABLE new PARTITION OF \"Odd Konto\" FOR VALUES IN ('new')")
    session.execute("SET session_replication_role TO replica")
    for target, id_ in (('"Odd Konto"', 5), ("east", 6), ("new", 7)):
        phone = target.strip('"') if target in ("east", "new") else "east"
        session.execute(f"INSERT INTO {target} (id, phone) VALUES ({id_}, '{phone}')")
    assert [one[:4] for one in entries(session)] == [
        ("INSERT", "NEW", "Odd Konto", id_) for id_ in (5, 6, 7) if replicated
    ]


@either_log
@pytest.mark.every_postgres
def test_replicated_can_be_taken_back(
    start: Start, database: str, tmp_path: Path, log: str
) -> None:
    session = start(f"{log}\n    replicated: true")
    with connect(database) as connection:
        apply(connection, wanted(tmp_path, log))
    session.execute("SET session_replication_role TO replica")
    session.execute("INSERT INTO east (id, phone) VALUES (6, 'east')")
    assert entries(session) == []
    session.execute("SET session_replication_role TO origin")
    session.execute("UPDATE east SET name = 'a'")
    assert [one[0] for one in entries(session)] == ["UPDATE"]


@pytest.mark.every_postgres
def test_enforced_constraints_let_rows_move_and_name_the_table(start: Start) -> None:
    session = start("constraints: enforce")
    synced(session)
    session.execute("UPDATE \"Odd Konto\" SET phone = 'west'")
    with pytest.raises(psycopg.Error, match=r"Odd Konto\.name must not be empty"):
        session.execute("INSERT INTO east (phone) VALUES ('east')")
    assert place(session) == [("rest", 7)]


def test_a_violation_names_the_table(start: Start) -> None:
    session = start("constraints: warn")
    session.execute("INSERT INTO east (id, phone) VALUES (5, 'east')")
    found = session.execute("SELECT table_name, record_id FROM connectsql.violation").fetchall()
    assert found == [("Odd Konto", 5)]


def test_a_table_that_does_not_stand_is_made_whole_and_that_is_said(
    database: str, tmp_path: Path
) -> None:
    with connect(database) as connection:
        [note] = apply(connection, wanted(tmp_path, "log: changes")).notes
        assert note.text.startswith("table Odd Konto does not stand and is made whole")
        assert plan(connection, wanted(tmp_path, "log: changes")).notes == ()


@either_log
def test_a_full_table_is_hazardous_to_index_and_an_empty_one_is_not(
    database: str, tmp_path: Path, log: str
) -> None:
    with psycopg.connect(database, autocommit=True) as session, connect(database) as connection:
        session.execute(TABLE)
        assert not any(one.index for one in plan(connection, wanted(tmp_path, log)).changes
                       if one.hazards)  # fmt: skip
        session.execute('INSERT INTO "Odd Schema"."Odd Konto" (phone) VALUES (1)')
        assert all(one.hazards for one in plan(connection, wanted(tmp_path, log)).changes
                   if one.index)  # fmt: skip
