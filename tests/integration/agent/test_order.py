"""A change that has to wait holds back what follows it, and a doubt outlives the archive."""

from __future__ import annotations

from pathlib import Path

from support.world import World
from support.world import world as build

from connectsql.agent.writer import Writer
from connectsql.database.connection import connect_agent
from connectsql.database.lease import Lease

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
