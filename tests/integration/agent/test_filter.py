"""A mapping with a filter: its table holds the matching records, whatever happens to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.world import World, describes
from support.world import world as build

from connectsql.compiler.plan import Hazard
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.database.staging import Staging

CONFIG = """
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, Industry, ExternalId__c]
    filter: "industry = 'Energy' OR Name LIKE 'keep\\\\_%'"
    SETTING
"""


@pytest.fixture
def world(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    text = CONFIG.replace("SETTING", getattr(request, "param", ""))
    with build(database, tmp_path, text) as made:
        yield made


def create(world: World, name: str, industry: str | None = None) -> str:
    record = world.call("POST", "sobjects/Account", {"Name": name, "Industry": industry})
    return str(record["id"])


def change(world: World, sfid: str, **values: object) -> None:
    world.call("PATCH", f"sobjects/Account/{sfid}", values)


def names(world: World) -> list[str]:
    return [name for (name,) in world.rows("SELECT name FROM salesforce.account ORDER BY name")]


def filtered(world: World, text: str) -> World:
    """Return the world with another filter in its config."""
    path = Path(world.config.file)
    before = path.read_text()
    old = next(line for line in before.splitlines() if "filter:" in line)
    path.write_text(before.replace(old, f'    filter: "{text}"'))
    config = load(path)
    desired = resolve(config, describes(world.session, config)).desired
    return replace(world, config=config, desired=desired)


def test_only_matching_records_are_loaded(world: World) -> None:
    for name, industry in (("a", "Energy"), ("b", "Media"), ("keep_c", None), ("keepd", None)):
        create(world, name, industry)
    world.once()
    assert names(world) == ["a", "keep_c"]


def test_records_come_and_go_with_what_they_say(world: World) -> None:
    first, second = create(world, "a", "Energy"), create(world, "b", None)
    world.once()
    change(world, first, Industry=None)
    change(world, second, Industry="Energy")
    world.once()
    assert names(world) == ["b"]
    change(world, first, Industry="Energy", Phone="1")
    world.call("DELETE", f"sobjects/Account/{second}")
    world.once()
    assert names(world) == ["a"]
    assert world.log() == []


def test_a_record_that_left_and_was_deleted_leaves_no_row(world: World) -> None:
    sfid = create(world, "a", "Energy")
    world.once()
    change(world, sfid, Industry="Media")
    world.call("DELETE", f"sobjects/Account/{sfid}")
    world.once()
    assert names(world) == []


@pytest.mark.parametrize("world", ["", "log: full"], indirect=True)
def test_what_is_written_is_sent_and_then_counted_out(world: World) -> None:
    create(world, "a", "Energy")
    world.once()
    world.sql.execute("UPDATE salesforce.account SET industry = 'Media'")
    world.sql.execute("INSERT INTO salesforce.account (name) VALUES ('new')")
    world.once()
    world.once()
    assert names(world) == []
    assert sorted(one["Name"] for one in world.records("SELECT Name FROM Account")) == ["a", "new"]
    assert {state for _, state, _ in world.log()} == {"SUCCESS"}
    assert "DELETE" not in {action for action, _, _ in world.log()}


def test_a_row_with_unsent_changes_stays_until_they_are_sent(world: World) -> None:
    sfid = create(world, "a", "Energy")
    world.once()
    change(world, sfid, Industry="Media")
    world.sql.execute("UPDATE salesforce.account SET phone = '7'")
    with world.reader() as reader:
        reader.read(world.desired.tables[0])
    assert names(world) == ["a"]
    world.once()
    world.once()
    assert names(world) == []
    assert world.records("SELECT Phone, Industry FROM Account") == [
        {"Phone": "7", "Industry": "Media"}
    ]


def test_a_row_that_an_application_is_changing_is_left_and_read_again(world: World) -> None:
    sfid = create(world, "a", "Energy")
    world.once()
    change(world, sfid, Industry="Media")
    with world.sql.transaction(), world.reader() as reader:
        world.sql.execute("UPDATE salesforce.account SET phone = phone")
        assert reader.read(world.desired.tables[0]).again
        assert names(world) == ["a"]
    world.once()
    assert names(world) == []


def test_a_row_refreshed_after_it_was_found_is_not_removed(world: World) -> None:
    sfid = create(world, "a", "Energy")
    world.once()
    connection = connect_agent(world.database)
    staging = Staging(connection, world.desired.tables[0])
    found = staging.rows_of([sfid])
    world.sql.execute("ALTER TABLE salesforce.account DISABLE TRIGGER USER")
    world.sql.execute("UPDATE salesforce.account SET systemmodstamp = clock_timestamp()")
    removed = staging.remove(found)
    assert (removed.changed, removed.held) == (0, 1)
    removed = staging.remove(staging.rows_of([sfid]))
    connection.close()
    assert (removed.changed, removed.held) == (1, 0)
    assert names(world) == []


def test_a_changed_filter_has_the_table_read_again(world: World) -> None:
    for name, industry in (("a", "Energy"), ("b", "Media"), ("keep_c", None)):
        create(world, name, industry)
    world.once()
    kept = world.rows("SELECT id FROM salesforce.account WHERE name = 'keep_c'")
    world.sql.execute("INSERT INTO salesforce.account (name, phone) VALUES ('mine', '1')")
    world = filtered(world, "Industry = 'Media' OR Name IN ('keep_c', 'mine')")
    with connect(world.database) as connection:
        done = apply(connection, world.desired)
    [again] = [one for one in done.changes if Hazard.BACKFILL in one.hazards]
    assert again.comment == "read account again from Salesforce, for its filter"
    world.once()
    assert names(world) == ["b", "keep_c", "mine"]
    assert world.rows("SELECT id FROM salesforce.account WHERE name = 'keep_c'") == kept
    with connect(world.database) as connection:
        assert apply(connection, world.desired).changes == ()


@pytest.mark.parametrize("world", ["remote_deletes: keep"], indirect=True)
def test_rows_of_deleted_records_are_kept_where_they_are_to_be(world: World) -> None:
    sfid, leaving = create(world, "a", "Energy"), create(world, "b", "Energy")
    world.once()
    world.call("DELETE", f"sobjects/Account/{sfid}")
    change(world, leaving, Industry=None)
    world.once()
    assert world.rows("SELECT name, isdeleted FROM salesforce.account") == [("a", True)]
    world = filtered(world, "Industry = 'Media'")
    with connect(world.database) as connection:
        apply(connection, world.desired)
    world.once()
    assert names(world) == ["a"]


FILTERS = [
    "Industry != 'Energy'",
    "NOT (Industry = 'Energy' AND Phone > '3')",
    "Industry NOT IN ('Energy', 'Media') AND Phone IS NOT NULL",
    "Industry IS NULL OR Phone <= '3'",
    "NOT (Name LIKE 'a%') AND Industry = 'Energy' OR Phone = '1'",
]


@pytest.mark.parametrize("text", FILTERS)
def test_after_any_changes_the_rows_are_those_that_the_org_finds(world: World, text: str) -> None:
    draw = random.Random(text)
    world = filtered(world, text)
    with connect(world.database) as connection:
        apply(connection, world.desired)
    sfids: list[str] = []
    for _ in range(6):
        for _ in range(6):
            values = {
                "Name": draw.choice(["ab", "ba", "c"]),
                "Industry": draw.choice(["Energy", "Media", None]),
                "Phone": draw.choice(["1", "3", "5", None]),
            }
            if sfids and draw.random() < 0.6:
                change(world, draw.choice(sfids), **values)
            elif sfids and draw.random() < 0.2:
                gone = sfids.pop(draw.randrange(len(sfids)))
                world.call("DELETE", f"sobjects/Account/{gone}")
            else:
                sfids.append(world.call("POST", "sobjects/Account", values)["id"])
        world.once()
        where = world.desired.tables[0].filter
        found = world.records(f"SELECT Id FROM Account WHERE {where}")
        rows = world.rows("SELECT sfid FROM salesforce.account")
        assert sorted(rows) == sorted((one["Id"],) for one in found)


def test_a_filter_costs_one_call_more_a_poll(world: World) -> None:
    create(world, "a", "Energy")
    world.once()
    asked = []
    for tables in (world.desired.tables, (replace(world.desired.tables[0], filter=None),)):
        seen = replace(world, desired=replace(world.desired, tables=tables))
        mark = world.control("GET", "calls")["last"]
        with seen.reader() as reader:
            reader.read(tables[0])
        calls = world.control("GET", f"calls?since={mark}")["calls"]
        asked.append(sum("/query" in str(call) for call in calls))
    assert asked == [2, 1]
