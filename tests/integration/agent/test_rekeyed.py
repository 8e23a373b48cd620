"""Rows that are given another id while their changes are on the way: each keeps its own record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.world import World
from support.world import world as build

from connectsql.agent import writer
from connectsql.database.trigger_log import TriggerLog

CONFIG = """
connection: {{schema: "Odd Schema"}}
mappings:
  - object: Account
    table: Odd Konto
    access: read_write
    fields: [Name, Phone]
    {mode}
"""
Meanwhile = Callable[..., None]
TABLE = '"Odd Schema"."Odd Konto"'
MODES = ("log: changes", "log: full", "writes: ordered")


@pytest.fixture(params=MODES)
def world(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with build(database, tmp_path, CONFIG.format(mode=request.param)) as built:
        built.sql.execute('SET search_path TO "Odd Schema", public')
        yield built


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str, Callable[[], object]], None]:
    """Let something be done once, as soon as the agent has called a function of its own."""

    def _after(owner: object, name: str, act: Callable[[], object]) -> None:
        real, left = getattr(owner, name), [act]

        def called(*given: Any, **more: Any) -> Any:
            answer = real(*given, **more)
            if answer and left:
                left.pop()()
            return answer

        monkeypatch.setattr(owner, name, called)

    return _after


def insert(world: World) -> None:
    world.sql.execute(f"INSERT INTO {TABLE} (id, name) VALUES (1, 'a'), (2, 'b')")


def rekey(world: World) -> None:
    """Exchange the ids of the two rows."""
    for old, new in ((1, 100), (2, 1), (100, 2)):
        world.sql.execute(f"UPDATE {TABLE} SET id = {new} WHERE id = {old}")


def check(world: World, expected: dict[str, int]) -> None:
    """Each row has the record of its name, and there are no others on either side."""
    world.once()
    rows = world.rows(f"SELECT name, id, sfid, _hc_lastop FROM {TABLE}")
    assert {name: id_ for name, id_, *_ in rows} == expected
    assert {mark for *_, mark in rows} == {"SYNCED"}
    records = world.records("SELECT Id, Name FROM Account")
    assert sorted((one["Name"], one["Id"]) for one in records) == sorted(
        (name, sfid) for name, _, sfid, _ in rows
    )


def states(world: World) -> set[str]:
    return {row[0] for row in world.rows('SELECT state FROM "Odd Schema"._trigger_log')}


def test_ids_that_change_during_the_call(world: World, after: Meanwhile) -> None:
    insert(world)
    after(writer, "send", lambda: world.sql.execute(f"UPDATE {TABLE} SET id = id + 10"))
    world.once()
    check(world, {"a": 11, "b": 12})
    assert states(world) <= {"SUCCESS", "IGNORED", "MERGED"}


def test_ids_that_are_exchanged_during_the_call(world: World, after: Meanwhile) -> None:
    insert(world)
    after(writer, "send", lambda: rekey(world))
    world.once()
    check(world, {"a": 2, "b": 1})


def test_ids_that_change_before_the_call(world: World, after: Meanwhile) -> None:
    insert(world)
    after(TriggerLog, "claim", lambda: rekey(world))
    world.once()
    check(world, {"a": 2, "b": 1})


def test_an_id_whose_change_is_not_committed_when_the_answer_comes(
    world: World, after: Meanwhile
) -> None:
    insert(world)
    with psycopg.connect(world.database) as application:
        after(
            writer, "send",
            lambda: application.execute(f"UPDATE {TABLE} SET id = 11, phone = '1' WHERE id = 1"),
        )  # fmt: skip
        first = writer.Recorder.fates

        def fates(recorder: writer.Recorder, *given: Any) -> Any:
            answer = first(recorder, *given)
            application.commit()
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer.Recorder, "fates", fates)
            world.once()
    check(world, {"a": 11, "b": 2})
    assert world.records("SELECT Phone FROM Account WHERE Name = 'a'") == [{"Phone": "1"}]


def test_a_row_that_is_given_another_id_and_deleted_during_the_call(
    world: World, after: Meanwhile
) -> None:
    insert(world)

    def act() -> None:
        world.sql.execute(f"UPDATE {TABLE} SET id = 11 WHERE id = 1")
        world.sql.execute(f"DELETE FROM {TABLE} WHERE id = 11")

    after(writer, "send", act)
    world.once()
    check(world, {"b": 2})


def test_a_change_that_waits_holds_back_what_follows_it_under_its_new_id(
    world: World, after: Meanwhile
) -> None:
    insert(world)
    world.sql.execute(f"UPDATE {TABLE} SET phone = '1' WHERE id = 1")
    locked = {
        "action": "row_error", "method": "POST", "path": "composite/sobjects$", "times": 1,
        "index": 0, "statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain access",
    }  # fmt: skip
    world.control("POST", "faults", [locked])
    after(TriggerLog, "claim", lambda: rekey(world))
    world.once()
    check(world, {"a": 2, "b": 1})
    assert world.records("SELECT Phone FROM Account WHERE Name = 'a'") == [{"Phone": "1"}]
