"""A change that has to wait holds back what follows it, and a doubt outlives the archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql as psql
from support.world import World
from support.world import world as build

from connectsql.agent import writer
from connectsql.agent.send import Batch, Sent
from connectsql.agent.writer import Writer
from connectsql.database.connection import connect_agent
from connectsql.database.lease import Lease
from connectsql.salesforce.collections import Collections

ORDERED = """
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, ExternalId__c, CreatedDate]
    log: full
    writes: ordered
"""


def test_the_second_change_of_a_record_waits_for_the_first(database: str, tmp_path: Path) -> None:
    with build(database, tmp_path, ORDERED) as world:
        world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
        world.once()
        locked = {
            "action": "row_error", "method": "PATCH", "path": "composite/sobjects", "times": 1,
            "index": 0, "statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain access",
        }  # fmt: skip
        world.control("POST", "faults", [locked])
        world.sql.execute("UPDATE salesforce.account SET phone = 'first'")
        world.sql.execute("UPDATE salesforce.account SET phone = 'second'")
        agent, renewals = connect_agent(database), connect_agent(database)
        with agent, renewals:
            writer = Writer(agent, world.desired, world.session, Lease(renewals, "salesforce", 60))
            assert writer.work() == 1
            assert [state for _, state, _ in world.log()] == ["SUCCESS", "NEW", "NEW"]
        world.once()
        assert world.records("SELECT Phone FROM Account") == [{"Phone": "second"}]
        assert world.rows("SELECT phone FROM salesforce.account") == [("second",)]


CHANGES = """
connection: {schema: "Odd Schema"}
mappings:
  - object: Account
    table: Odd Konto
    access: read_write
    MORE
    fields: [{field: Name, column: "Odd Name"}, Phone, ExternalId__c]
    writes: ordered
"""
identified = pytest.mark.parametrize(
    "more", ["upsert_field: ExternalId__c", "poll_seconds: 120"], ids=["upsert", "create"]
)


@pytest.fixture
def odd(database: str, tmp_path: Path, more: str) -> Iterator[World]:
    """A world of ordered writes whose log keeps only what must be known."""
    with build(database, tmp_path, CHANGES.replace("MORE", more)) as built:
        yield built


def write(world: World, *names: str) -> None:
    """Insert a row and update it, each in a transaction of its own."""
    first, *rest = names
    insert = 'INSERT INTO "Odd Schema"."Odd Konto" ("Odd Name", externalid__c) VALUES (%s, %s)'
    world.sql.execute(insert, (first, "x"))
    for name in rest:
        update(world, "Odd Name", name)


def update(world: World, column: str, value: str) -> None:
    statement = psql.SQL('UPDATE "Odd Schema"."Odd Konto" SET {} = %s')
    world.sql.execute(statement.format(psql.Identifier(column)), (value,))


def sent(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Run the agent once; return what it sent: kind and values of each record, in their order."""
    seen: list[tuple[str, dict[str, Any]]] = []
    real = writer.send

    def send(collections: Collections, batch: Batch) -> Sent:
        seen.extend((batch.kind, dict(one.body)) for one in batch.operations)
        return real(collections, batch)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "send", send)
        world.once()
    return seen


def states(world: World) -> list[tuple[str, str]]:
    return world.rows('SELECT action, state FROM "Odd Schema"._trigger_log ORDER BY id')


def fail(world: World, code: str) -> None:
    """Have the org refuse the first update."""
    fault = {
        "action": "row_error", "method": "PATCH", "path": "composite/sobjects$", "times": 1,
        "index": 0, "statusCode": code, "message": "no",
    }  # fmt: skip
    world.control("POST", "faults", [fault])


@identified
def test_each_change_is_sent_as_it_was_committed(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a", "b", "c")
    bodies = [body for _, body in sent(odd, monkeypatch)]
    assert [body["Name"] for body in bodies] == ["a", "b", "c"]
    assert ["ExternalId__c" in body for body in bodies] == [True, False, False]
    assert odd.records("SELECT Name FROM Account") == [{"Name": "c"}]
    rows = odd.rows('SELECT "Odd Name", _hc_lastop FROM "Odd Schema"."Odd Konto"')
    assert rows == [("c", "SYNCED")]


@identified
def test_each_change_is_sent_with_no_more_than_it_changed(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a")
    odd.once()
    for column, value in (("phone", "1"), ("Odd Name", "b"), ("phone", "2"), ("phone", "")):
        update(odd, column, value)
    bodies = [{**body, "Id": None} for _, body in sent(odd, monkeypatch)]
    assert bodies == [
        {"Id": None, "Phone": "1"},
        {"Id": None, "Name": "b"},
        {"Id": None, "Phone": "2"},
        {"Id": None, "Phone": ""},
    ]


@identified
def test_a_refused_change_in_the_middle_leaves_the_others_in_order(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a", "b", "c")
    fail(odd, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert [body["Name"] for _, body in sent(odd, monkeypatch)] == ["a", "b", "c"]
    assert states(odd) == [("INSERT", "SUCCESS"), ("UPDATE", "FAILED"), ("UPDATE", "SUCCESS")]
    assert odd.records("SELECT Name FROM Account") == [{"Name": "c"}]


@identified
def test_a_change_in_the_middle_that_has_to_wait_is_waited_for(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a", "b", "c")
    fail(odd, "UNABLE_TO_LOCK_ROW")
    assert [body["Name"] for _, body in sent(odd, monkeypatch)] == ["a", "b", "b", "c"]
    assert {state for _, state in states(odd)} == {"SUCCESS"}
    assert odd.records("SELECT Name FROM Account") == [{"Name": "c"}]


@identified
def test_a_row_that_was_deleted_before_it_was_sent_is_nobodys_business(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a", "b")
    odd.sql.execute('DELETE FROM "Odd Schema"."Odd Konto"')
    assert sent(odd, monkeypatch) == []
    assert states(odd) == [("INSERT", "IGNORED"), ("UPDATE", "IGNORED"), ("DELETE", "IGNORE")]
    assert odd.records("SELECT Name FROM Account") == []


@identified
def test_a_known_row_that_was_deleted_takes_its_changes_along(
    odd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(odd, "a")
    odd.once()
    update(odd, "Odd Name", "b")
    odd.sql.execute('DELETE FROM "Odd Schema"."Odd Konto"')
    assert [kind for kind, _ in sent(odd, monkeypatch)] == ["delete"]
    assert states(odd)[1:] == [("UPDATE", "IGNORED"), ("DELETE", "SUCCESS")]
    assert odd.records("SELECT Name FROM Account") == []


def test_an_ambiguous_insert_is_not_archived(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
    lost = {"action": "lose_answer", "method": "POST", "path": "composite/sobjects$", "times": 1}
    world.control("POST", "faults", [lost])
    world.once()
    assert [state for _, state, _ in world.log()] == ["FAILED"]
    world.sql.execute("UPDATE salesforce._trigger_log SET created_at = now() - interval '2 days'")
    agent, renewals = connect_agent(world.database), connect_agent(world.database)
    with agent, renewals:
        lease = Lease(renewals, "salesforce", 60)
        Writer(agent, world.desired, world.session, lease).archive(world.config.retention)
    world.sql.execute("UPDATE salesforce.account SET phone = '1' WHERE sfid IS NULL")
    world.once()
    assert len(world.records("SELECT Id FROM Account")) == 1


@pytest.mark.parametrize("log", ["log: full", "log: changes"])
@pytest.mark.parametrize("values", [True, False])
def test_a_change_that_is_requeued_from_the_archive_is_sent(
    database: str, tmp_path: Path, log: str, values: bool
) -> None:
    kept = f"connection: {{retention: {{archive_values: {str(values).lower()}}}}}"
    text = kept + ORDERED.replace("log: full", log)
    with build(database, tmp_path, text) as world:
        world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
        world.once()
        fail(world, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
        world.sql.execute("UPDATE salesforce.account SET phone = '1'")
        world.once()
        assert world.records("SELECT Phone FROM Account") == [{"Phone": None}]
        world.sql.execute(
            "UPDATE salesforce._trigger_log SET created_at = now() - interval '2 days'"
        )
        agent, renewals = connect_agent(database), connect_agent(database)
        with agent, renewals:
            lease = Lease(renewals, "salesforce", 60)
            one = Writer(agent, world.desired, world.session, lease)
            one.archive(world.config.retention)
            assert world.log() == []
            world.sql.execute(
                "UPDATE salesforce._trigger_log_archive SET state = 'REQUEUE' "
                "WHERE state = 'FAILED'"
            )
            assert one.requeue_archived() == 1
            assert one.work() == 1
        assert world.records("SELECT Name, Phone FROM Account") == [{"Name": "a", "Phone": "1"}]
        assert world.rows("SELECT phone, _hc_lastop FROM salesforce.account") == [("1", "SYNCED")]
