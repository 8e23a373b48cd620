"""What goes wrong between here and there: nothing is lost, nothing twice, and it is said once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.world import CONFIG, World
from support.world import world as build

from connectsql.agent.reader import Reader
from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent, Summary
from connectsql.database.connection import connect_agent
from connectsql.emulator import Options
from connectsql.errors import ApiError, OrgUnreachable
from connectsql.salesforce.login import ClientCredentials
from connectsql.salesforce.retry import Backoff
from connectsql.salesforce.session import Session

UPSERT = "/composite/sobjects/(Account|Contact)/ExternalId__c"
CREATE = "/composite/sobjects$"
INSERT = "INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')"
BLIND = "INSERT INTO salesforce.account (name) VALUES ('a')"

either_insert = pytest.mark.parametrize(
    ("insert", "path"), [(INSERT, UPSERT), (BLIND, CREATE)], ids=["upsert", "create"]
)


class Hurried(Stop):
    """Waits for nothing: what would be waited for is done instead, and noted."""

    def __init__(
        self, world: World, instead: Callable[[], object] | None = None, most: int = 20
    ) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._instead = instead or (lambda: make_due(world))
        self._most = most

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self._instead()
        if len(self.waits) >= self._most:
            self.set()
        return self.is_set()


def make_due(world: World) -> None:
    """Let every retry be due now."""
    world.sql.execute("UPDATE connectsql.claim SET next_attempt = NULL")


def plan(world: World, **fault: Any) -> None:
    world.control("DELETE", "faults")
    world.control("POST", "faults", [fault])


def once(world: World, stop: Hurried) -> Summary:
    """Run `agent --once` that does not wait."""
    try:
        return Agent(world.config, world.desired, world.database, world.session, stop).once()
    finally:
        stop.close()


@contextmanager
def meanwhile(world: World, path: str) -> Iterator[None]:
    """Run `agent --once`, and the block as soon as a call to ``path`` has changed the org.

    Whoever holds the row's lock until the end of the block keeps the answer from being noted.
    """
    mark = world.control("GET", "calls")["last"]
    stop = Stop()
    agent = Agent(world.config, world.desired, world.database, world.session, stop)
    with contextlib.closing(stop), ThreadPoolExecutor(1) as pool:
        running = pool.submit(agent.once)
        try:
            found = world.control("GET", f"calls?since={mark}&wait=30&path={path}")["calls"]
            assert found, "the agent has not called"
            yield
        except BaseException:
            stop.set()
            raise
        running.result()


def test_a_lost_answer_to_an_upsert_is_one_record(world: World) -> None:
    world.sql.execute(INSERT)
    plan(world, action="lose_answer", path=UPSERT, nth=1)
    once(world, Hurried(world))
    [(sfid, lastop)] = world.rows("SELECT sfid, _hc_lastop FROM salesforce.account")
    assert world.records("SELECT Id FROM Account") == [{"Id": sfid}]
    assert lastop == "SYNCED"
    assert world.log() == [("INSERT", "SUCCESS", None)]


def test_an_org_that_loses_every_answer_is_given_up(world: World) -> None:
    world.sql.execute(INSERT)
    # Not the upsert alone: looking for what it has made gets no answer either.
    plan(world, action="lose_answer", path="composite|query")
    with pytest.raises(OrgUnreachable, match="broke before the answer was whole"):
        once(world, Hurried(world))
    assert [state for _, state, _ in world.log()] == ["NEW"]
    world.control("DELETE", "faults")
    once(world, Hurried(world))
    assert len(world.records("SELECT Id FROM Account")) == 1
    assert world.log() == [("INSERT", "SUCCESS", None)]


def test_a_refused_connection_loses_nothing(world: World) -> None:
    world.sql.execute(INSERT)
    login = ClientCredentials(world.org.client_id, world.org.client_secret)
    closed = Session("http://127.0.0.1:1", login, "62.0")
    stop = Stop()
    with closed, pytest.raises(OrgUnreachable, match="connection refused"):
        Agent(world.config, world.desired, world.database, closed, stop).once()
    stop.close()
    assert [state for _, state, _ in world.log()] == ["NEW"]
    world.once()
    assert world.log() == [("INSERT", "SUCCESS", None)]


def test_a_locked_record_is_sent_again(world: World) -> None:
    world.sql.execute(INSERT)
    message = "unable to obtain exclusive access to this record"
    plan(world, action="row_error", path=UPSERT, times=2, index=0,
         statusCode="UNABLE_TO_LOCK_ROW", message=message)  # fmt: skip
    once(world, stop := Hurried(world))
    assert len(stop.waits) == 2
    assert world.log() == [("INSERT", "SUCCESS", None)]
    assert world.rows("SELECT _hc_lastop, _hc_err FROM salesforce.account") == [("SYNCED", None)]


def test_a_used_up_quota_ends_once_and_keeps_the_changes(world: World) -> None:
    world.sql.execute(INSERT)
    plan(world, action="error", path=UPSERT, status=403, errorCode="REQUEST_LIMIT_EXCEEDED",
         message="TotalRequests Limit exceeded.")  # fmt: skip
    with pytest.raises(ApiError, match="REQUEST_LIMIT_EXCEEDED: TotalRequests Limit"):
        world.once()
    assert world.log() == [
        ("INSERT", "NEW", "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.")
    ]
    assert world.rows(
        "SELECT next_attempt > now() + interval '9 minutes' FROM connectsql.claim"
    ) == [(True,)]


def test_an_expired_session_is_renewed(world: World) -> None:
    world.once()
    world.sql.execute(INSERT)
    world.control("POST", "sessions/expire")
    world.once()
    assert world.log() == [("INSERT", "SUCCESS", None)]


def test_a_parent_that_does_not_come_parks_the_child(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.contact (lastname, account__externalid__c, externalid__c) "
        "VALUES ('Bo', 'nobody', 'c')"
    )
    once(world, stop := Hurried(world))
    assert len(stop.waits) == 5
    [(lastop, why)] = world.rows("SELECT _hc_lastop, _hc_err FROM salesforce.contact")
    assert lastop == "FAILED"
    assert "nobody not found for field ExternalId__c in entity Account" in why
    assert world.log() == [("INSERT", "FAILED", why)]


def test_a_parent_that_comes_late_is_waited_for(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.contact (lastname, account__externalid__c, externalid__c) "
        "VALUES ('Bo', 'late', 'c')"
    )

    def arrive() -> None:
        if not world.records("SELECT Id FROM Account"):
            world.call("POST", "sobjects/Account", {"Name": "Late", "ExternalId__c": "late"})
        make_due(world)

    once(world, Hurried(world, arrive))
    assert world.rows(
        "SELECT c._hc_lastop, a.name FROM salesforce.contact AS c "
        "JOIN salesforce.account AS a ON a.sfid = c.accountid"
    ) == [("SYNCED", "Late")]


@either_insert
def test_a_row_deleted_while_its_insert_is_on_its_way(world: World, insert: str, path: str) -> None:
    world.sql.execute(insert)
    with psycopg.connect(world.database) as application:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        with meanwhile(world, path):
            application.execute("DELETE FROM salesforce.account")
            application.commit()
    assert world.rows("SELECT 1 FROM salesforce.account") == []
    assert world.records("SELECT IsDeleted FROM Account", deleted=True) == [{"IsDeleted": True}]
    assert {state for _, state, _ in world.log()} == {"SUCCESS"}


@either_insert
def test_a_row_changed_while_its_insert_is_on_its_way(world: World, insert: str, path: str) -> None:
    world.sql.execute(insert)
    with psycopg.connect(world.database) as application:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        with meanwhile(world, path):
            application.execute("UPDATE salesforce.account SET phone = 'later'")
            application.commit()
    assert world.records("SELECT Name, Phone FROM Account") == [{"Name": "a", "Phone": "later"}]
    assert world.rows("SELECT name, phone, _hc_lastop FROM salesforce.account") == [
        ("a", "later", "SYNCED")
    ]


def test_a_row_changed_while_its_update_is_on_its_way(world: World) -> None:
    world.sql.execute(INSERT)
    world.once()
    world.sql.execute("UPDATE salesforce.account SET phone = 'first'")
    with psycopg.connect(world.database) as application:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        with meanwhile(world, CREATE):
            application.execute("UPDATE salesforce.account SET phone = 'second'")
            application.commit()
    assert world.records("SELECT Phone FROM Account") == [{"Phone": "second"}]
    assert world.rows("SELECT phone, _hc_lastop FROM salesforce.account") == [("second", "SYNCED")]


def test_a_poll_that_meets_a_blind_insert_makes_no_second_row(world: World) -> None:
    world.once()
    world.sql.execute(BLIND)
    account = world.desired.by_name["account"]
    with psycopg.connect(world.database) as application, world.reader() as reader:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        with meanwhile(world, CREATE):
            assert world.records("SELECT Name FROM Account") == [{"Name": "a"}]
            assert reader.read(account).again
            assert world.rows("SELECT sfid FROM salesforce.account") == [(None,)]
            application.rollback()
    assert world.rows("SELECT name, sfid IS NULL FROM salesforce.account") == [("a", False)]


def test_a_poll_that_meets_an_insert_with_an_empty_identifier(world: World) -> None:
    world.once()
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', '')")
    account = world.desired.by_name["account"]
    with psycopg.connect(world.database) as application, world.reader() as reader:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        with meanwhile(world, CREATE):
            assert reader.read(account).again
            application.rollback()
    assert world.rows("SELECT count(*) FROM salesforce.account") == [(1,)]


def test_once_pauses_before_it_reads_again_what_an_application_holds(world: World) -> None:
    sfid = world.call("POST", "sobjects/Account", {"Name": "a"})["id"]
    world.once()
    world.call("PATCH", f"sobjects/Account/{sfid}", {"Phone": "1"})
    with psycopg.connect(world.database) as application:
        application.execute("SELECT FROM salesforce.account FOR UPDATE")
        once(world, stop := Hurried(world, application.rollback))
    assert len(stop.waits) == 1
    assert world.rows("SELECT phone FROM salesforce.account") == [("1",)]


def test_a_load_that_is_told_to_stop_goes_on_behind_the_last_page(
    database: str, tmp_path: Path
) -> None:
    options = Options(seed_records={"Account": 2001})
    with build(database, tmp_path, CONFIG, options) as world:
        pages = []
        connection = connect_agent(database)
        with connection:
            reader = Reader(
                connection, world.desired, world.session, lookback=timedelta(minutes=5),
                stopping=lambda: bool(pages), on_loading=pages.append,
            )  # fmt: skip
            assert reader.read(world.desired.by_name["account"]).again
        assert world.rows("SELECT count(*) FROM salesforce.account") == [(2000,)]
        assert world.once().received == 1


def test_an_outage_of_the_database_is_said_once(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Agent, "check", lambda _: None)
    stopped = "postgresql://127.0.0.1:1/there"
    stop = Hurried(world, most=6)
    Agent(world.config, world.desired, stopped, world.session, stop).run()
    stop.close()
    assert len(stop.waits) >= 6
    [message] = caplog.messages
    assert message.endswith("(127.0.0.1:1/there): Connection refused; trying again")


def test_an_outage_of_the_org_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sql.execute(INSERT)
    login = ClientCredentials(world.org.client_id, world.org.client_secret)
    session = Session("http://127.0.0.1:1", login, "62.0", backoff=Backoff(attempts=1))
    stop = Hurried(world, most=6)
    with session, caplog.at_level(logging.ERROR, "connectsql.agent"):
        Agent(world.config, world.desired, world.database, session, stop).run()
    stop.close()
    assert len(stop.waits) >= 6
    assert caplog.messages == [
        "no connection to the org at 127.0.0.1:1: connection refused; trying again"
    ]
