"""Applications that hold locks: the agent waits for none of them, and they never for the agent."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from support.world import World

from connectsql.agent import writer as module
from connectsql.agent.writer import TURNED_BACK, Writer
from connectsql.database.connection import connect_agent
from connectsql.database.lease import Lease
from connectsql.errors import DatabaseError


def test_a_locked_row_is_noted_later_and_holds_back_no_other(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.account (name, externalid__c) VALUES ('locked', 'l'), ('free', 'f')"
    )
    agent, renewals = connect_agent(world.database), connect_agent(world.database)
    with agent, renewals, psycopg.connect(world.database) as application:
        application.execute("SELECT 1 FROM salesforce.account WHERE name = 'locked' FOR UPDATE")
        lease = Lease(renewals, "salesforce", 60)
        writer = Writer(agent, world.desired, world.session, lease)
        assert writer.work() == 2
        states = "SELECT name, sfid IS NULL, _hc_lastop FROM salesforce.account ORDER BY name"
        assert world.rows(states) == [("free", False, "SYNCED"), ("locked", True, "PENDING")]
        assert writer.queue().in_flight == 1
        application.execute("UPDATE salesforce.account SET phone = '1' WHERE name = 'locked'")
        application.commit()
        assert writer.work() == 1
    assert world.rows(states) == [("free", False, "SYNCED"), ("locked", False, "SYNCED")]
    assert world.records("SELECT Name, Phone FROM Account ORDER BY Name") == [
        {"Name": "free", "Phone": None},
        {"Name": "locked", "Phone": "1"},
    ]


def test_a_row_that_was_only_looked_at_is_read_back_when_it_is_free(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    agent, renewals = connect_agent(world.database), connect_agent(world.database)
    with agent, renewals, psycopg.connect(world.database) as application:
        application.execute("SELECT 1 FROM salesforce.account FOR UPDATE")
        writer = Writer(agent, world.desired, world.session, Lease(renewals, "salesforce", 60))
        assert writer.work() == 1
        application.rollback()
        assert writer.work() == 0
    assert world.rows("SELECT createddate IS NULL, _hc_lastop FROM salesforce.account") == [
        (False, "SYNCED")
    ]


def test_a_look_at_the_log_that_was_turned_back_is_soon_taken_again(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    agent, renewals = connect_agent(world.database), connect_agent(world.database)
    with agent, renewals, psycopg.connect(world.database) as operator:
        writer = Writer(agent, world.desired, world.session, Lease(renewals, "salesforce", 60))
        operator.execute("SELECT 1 FROM salesforce._trigger_log FOR UPDATE")
        assert writer.work() == 0
        assert writer.pause(3600) == TURNED_BACK
        operator.rollback()
        assert writer.work() == 1
        assert writer.pause(3600) == 3600


def test_a_poll_passes_by_a_locked_row_and_comes_again(world: World) -> None:
    sfid = world.call("POST", "sobjects/Account", {"Name": "a"})["id"]
    world.once()
    world.call("PATCH", f"sobjects/Account/{sfid}", {"Phone": "1"})
    world.call("POST", "sobjects/Account", {"Name": "b"})
    account = world.desired.by_name["account"]
    with psycopg.connect(world.database) as application, world.reader() as reader:
        application.execute("SELECT 1 FROM salesforce.account WHERE name = 'a' FOR UPDATE")
        assert reader.read(account).again
        states = "SELECT name, phone FROM salesforce.account ORDER BY name"
        assert world.rows(states) == [("a", None), ("b", None)]
        application.rollback()
        assert not reader.read(account).again
    assert world.rows(states) == [("a", "1"), ("b", None)]


def test_a_record_for_a_locked_row_without_sfid_makes_no_second_row(world: World) -> None:
    world.once()
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    world.call("POST", "sobjects/Account", {"Name": "theirs", "ExternalId__c": "x"})
    account = world.desired.by_name["account"]
    with psycopg.connect(world.database) as application, world.reader() as reader:
        application.execute("SELECT 1 FROM salesforce.account FOR UPDATE")
        assert reader.read(account).again
        application.rollback()
    world.once()
    assert world.rows("SELECT name, sfid IS NULL FROM salesforce.account") == [("a", False)]


def test_a_page_that_cannot_be_stored_does_not_spoil_the_next(world: World) -> None:
    world.once()
    world.sql.execute("ALTER TABLE salesforce.account ADD CONSTRAINT short CHECK (name <> 'bad')")
    sfid = world.call("POST", "sobjects/Account", {"Name": "bad"})["id"]
    with world.reader() as reader:
        account = world.desired.by_name["account"]
        with pytest.raises(DatabaseError, match='violates check constraint "short"') as refusal:
            reader.read(account)
        assert "bad" not in str(refusal.value)
        world.call("PATCH", f"sobjects/Account/{sfid}", {"Name": "good"})
        assert reader.read(account).changed == 1
    assert world.rows("SELECT name FROM salesforce.account") == [("good",)]


def test_an_outcome_is_noted_later_where_somebody_holds_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    agent, renewals = connect_agent(world.database), connect_agent(world.database)
    with agent, renewals, psycopg.connect(world.database) as operator:
        real = module.send

        def send(*given: Any) -> Any:
            operator.execute("UPDATE salesforce._trigger_log SET sf_message = 'seen'")
            return real(*given)

        monkeypatch.setattr(module, "send", send)
        writer = Writer(agent, world.desired, world.session, Lease(renewals, "salesforce", 60))
        assert writer.work() == 1
        assert writer.queue().in_flight == 1
        operator.commit()
        assert writer.work() == 0
        assert writer.queue().empty
    assert [state for _, state, _ in world.log()] == ["SUCCESS"]
    assert len(world.records("SELECT Id FROM Account")) == 1
