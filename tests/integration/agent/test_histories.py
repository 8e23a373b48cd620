"""Random histories on both sides, with faults in between: in the end both sides are equal.

Applications own the phone and Salesforce the name, so that what each record must hold in the
end is known: a small model keeps it. ``HISTORIES=200 make test ARGS=...`` runs more of them; a
failure names its seed.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.world import World
from support.world import world as build

from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent
from connectsql.errors import ConnectsqlError

CONFIG = """
connection: {{lease_seconds: 1}}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, ExternalId__c, CreatedDate]
    log: {log}
    writes: {writes}
    poll_seconds: 1
"""
STEPS = 30
SEEDS = range(int(os.environ.get("HISTORIES", "4")))
WRITES = "/composite/sobjects"
FAULTS = [
    {"path": WRITES, "action": "lose_answer"},
    {"path": WRITES, "action": "refuse"},
    {"path": WRITES, "action": "error", "status": 503, "errorCode": "SERVER_UNAVAILABLE",
     "message": "busy"},
    {"path": WRITES, "action": "row_error", "index": 0, "statusCode": "UNABLE_TO_LOCK_ROW",
     "message": "unable to obtain exclusive access to this record"},
    {"path": WRITES, "action": "delay", "ms": 30},
    {"path": "query", "action": "lose_answer"},
    {"path": "query", "action": "delay", "ms": 30},
]  # fmt: skip


@dataclass
class Model:
    """What each record must hold: its name and phone by external id; None is deleted."""

    records: dict[str, tuple[str, str | None] | None] = field(default_factory=dict)

    def alive(self) -> list[str]:
        return [key for key, held in self.records.items() if held is not None]


class History:
    """Takes random steps in a world, and notes them in the model."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.model = Model()
        self.steps = [
            self.insert_here, self.insert_here, self.insert_there, self.change_here,
            self.change_here, self.change_there, self.delete_here, self.delete_there,
            self.change_here_repeatedly, self.break_something,
        ]  # fmt: skip

    def step(self) -> None:
        self.random.choice(self.steps)()

    def insert_here(self) -> None:
        keys = [self.new_key() for _ in range(self.random.randint(1, 5))]
        with self.world.sql.transaction():
            for key in keys:
                self.world.sql.execute(
                    "INSERT INTO salesforce.account (name, phone, externalid__c) "
                    "VALUES (%s, '0', %s)",
                    (f"name of {key}", key),
                )
                self.model.records[key] = (f"name of {key}", "0")

    def insert_there(self) -> None:
        key = self.new_key()
        name = f"name of {key}"
        self.world.call("POST", "sobjects/Account", {"Name": name, "ExternalId__c": key})
        self.model.records[key] = (name, None)

    def change_here_repeatedly(self) -> None:
        key = self.some_key()
        for _ in range(3):
            self.change_here(key)

    def change_here(self, key: str | None = None) -> None:
        key, phone = key or self.some_key(), str(self.random.randint(1, 10**6))
        found = self.world.rows(
            "UPDATE salesforce.account SET phone = %s WHERE externalid__c = %s RETURNING 1",
            phone, key,
        )  # fmt: skip
        held = self.model.records.get(key)
        if found and held:
            self.model.records[key] = (held[0], phone)

    def change_there(self) -> None:
        key, name = self.some_key(), f"renamed {self.random.randint(1, 10**6)}"
        held = self.model.records.get(key)
        if held and (sfid := self.sfid(key)):
            self.world.call("PATCH", f"sobjects/Account/{sfid}", {"Name": name})
            self.model.records[key] = (name, held[1])

    def delete_here(self) -> None:
        key = self.some_key()
        found = self.world.rows(
            "DELETE FROM salesforce.account WHERE externalid__c = %s RETURNING 1", key
        )
        if found:
            self.model.records[key] = None

    def delete_there(self) -> None:
        key = self.some_key()
        if sfid := self.sfid(key):
            self.world.call("DELETE", f"sobjects/Account/{sfid}")
            self.model.records[key] = None

    def break_something(self) -> None:
        self.world.control("POST", "faults", [{**self.random.choice(FAULTS), "times": 1}])

    def new_key(self) -> str:
        return f"{self.random.getrandbits(48):012x}"

    def some_key(self) -> str:
        return self.random.choice(self.model.alive() or ["none yet"])

    def sfid(self, key: str) -> str | None:
        found = self.world.records(f"SELECT Id FROM Account WHERE ExternalId__c = '{key}'")
        return str(found[0]["Id"]) if found else None


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mode", ["changes merged", "full ordered"])
def test_both_sides_converge(database: str, tmp_path: Path, mode: str, seed: int) -> None:
    log, writes = mode.split()
    with build(database, tmp_path, CONFIG.format(log=log, writes=writes)) as world:
        history = History(world, seed)
        for number in range(STEPS):
            history.step()
            if number % 7 == 6:
                once_whatever_happens(world)
        converge(world)
        check(world, history.model)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_converge_under_a_running_agent(
    database: str, tmp_path: Path, seed: int
) -> None:
    with build(database, tmp_path, CONFIG.format(log="changes", writes="merged")) as world:
        history = History(world, 1000 + seed)
        with running_agent(world):
            for _ in range(STEPS):
                history.step()
        converge(world)
        check(world, history.model)


@contextmanager
def running_agent(world: World) -> Iterator[None]:
    stop = Stop()
    agent = Agent(world.config, world.desired, world.database, world.session, stop)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        stop.close()


def once_whatever_happens(world: World) -> None:
    try:
        world.once()
    except ConnectsqlError:
        return  # a fault that the command line would have reported


def converge(world: World) -> None:
    world.control("DELETE", "faults")
    summary = world.once()
    assert summary.problems == {}


def check(world: World, model: Model) -> None:
    here = world.rows("SELECT externalid__c, name, phone, sfid FROM salesforce.account")
    records = world.records("SELECT ExternalId__c, Name, Phone, Id FROM Account")
    there = [(one["ExternalId__c"], one["Name"], one["Phone"], one["Id"]) for one in records]
    assert sorted(here) == sorted(there)
    wanted = {key: held for key, held in model.records.items() if held is not None}
    assert {row[0]: (row[1], row[2]) for row in here} == wanted
    assert len(here) == len(wanted)
    waiting = "SELECT state FROM salesforce._trigger_log WHERE state IN ('NEW', 'PENDING')"
    assert world.rows(waiting) == []
    assert world.rows("SELECT 1 FROM salesforce.account WHERE _hc_lastop <> 'SYNCED'") == []
