"""An agent on a partitioned table: rows come, go and move, and no record is stored twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from support.world import World
from support.world import world as build

CONFIG = """
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, ExternalId__c, CreatedDate]
    partitioned: true
    {mode}
"""
TABLE = """
CREATE SCHEMA salesforce;
CREATE TABLE salesforce.account (
    sfid varchar(18) COLLATE "C", id bigserial, _hc_lastop varchar(32), _hc_err text,
    phone varchar(40)
) PARTITION BY LIST (phone);
CREATE TABLE salesforce.east PARTITION OF salesforce.account FOR VALUES IN ('east');
CREATE TABLE salesforce.rest PARTITION OF salesforce.account DEFAULT
"""
ROWS = "SELECT name, tableoid::regclass::text, _hc_lastop FROM salesforce.account ORDER BY name"
SFID = "SELECT sfid FROM salesforce.account WHERE name = 'here'"


@pytest.fixture(params=["log: changes", "log: full", "writes: ordered"])
def world(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(TABLE)
    with build(database, tmp_path, CONFIG.format(mode=request.param)) as built:
        yield built


def create(world: World, name: str, phone: str) -> str:
    made = world.call("POST", "sobjects/Account", {"Name": name, "Phone": phone})
    return str(made["id"])


def test_rows_go_both_ways_and_move(world: World) -> None:
    there = create(world, "there", "east")
    world.once()
    world.sql.execute("INSERT INTO salesforce.account (name, phone) VALUES ('here', 'east')")
    world.sql.execute("INSERT INTO salesforce.east (name, phone) VALUES ('part', 'east')")
    world.once()
    east = [(name, "salesforce.east", "SYNCED") for name in ("here", "part", "there")]
    assert world.rows(ROWS) == east
    world.call("PATCH", f"sobjects/Account/{there}", {"Phone": "moved there"})
    world.sql.execute("UPDATE salesforce.account SET phone = 'moved here' WHERE name <> 'there'")
    world.once()
    assert world.rows(ROWS) == [(name, "salesforce.rest", "SYNCED") for name, *_ in east]
    assert world.records("SELECT Name, Phone FROM Account ORDER BY Name") == [
        {"Name": "here", "Phone": "moved here"},
        {"Name": "part", "Phone": "moved here"},
        {"Name": "there", "Phone": "moved there"},
    ]
    world.sql.execute("DELETE FROM salesforce.rest WHERE name = 'there'")
    world.call("DELETE", f"sobjects/Account/{world.rows(SFID)[0][0]}")
    world.once()
    assert world.rows(ROWS) == [("part", "salesforce.rest", "SYNCED")]
    assert world.records("SELECT Name FROM Account") == [{"Name": "part"}]


def test_two_agents_that_read_at_once_store_a_record_once(world: World) -> None:
    for at in range(20):
        create(world, f"record {at:02}", "east")
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(world.once) for _ in range(2)]:
            one.result()
    assert world.rows("SELECT count(*), count(DISTINCT sfid) FROM salesforce.account") == [(20, 20)]


def test_a_record_without_a_partition_is_said_and_comes_when_it_has_one(world: World) -> None:
    world.sql.execute("DROP TABLE salesforce.rest")
    create(world, "nowhere", "west")
    assert "no partition of relation" in world.once().problems["account"]
    world.sql.execute("CREATE TABLE salesforce.west PARTITION OF salesforce.account DEFAULT")
    world.once()
    assert world.rows(ROWS) == [("nowhere", "salesforce.west", "SYNCED")]
