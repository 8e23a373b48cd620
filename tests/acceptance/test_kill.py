"""Nothing is lost and nothing is sent twice, whatever is killed in the middle of a big write."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from support.site import Site, site
from support.somebody import Somebody, served, somebody

from connectsql.emulator import start_in_thread

COUNT = 2000
IDENTIFIED = """
connection: {lease_seconds: 2}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, ExternalId__c]
"""
BLIND = """
connection: {lease_seconds: LEASE}
mappings:
  - {object: Account, access: read_write, fields: [Name, CreatedDate]}
"""
UPSERT = "/composite/sobjects/Account/ExternalId__c$"
CREATE = "/composite/sobjects$"
SLOW = {"action": "delay", "ms": 500, "path": f"{UPSERT}|{CREATE}", "nth": 4}


@pytest.fixture
def org() -> Iterator[Somebody]:
    """Somebody in an empty org."""
    with start_in_thread() as running, somebody(running.url) as person:
        yield person


@pytest.fixture
def identified(tmp_path: Path, database: str, org: Somebody) -> Iterator[Site]:
    """2,000 rows to be written, by upserts."""
    with site(tmp_path, database, org, IDENTIFIED) as built:
        insert(built, "name, externalid__c", "'a' || n, 'x' || n")
        yield built


@pytest.fixture
def blind(tmp_path: Path, database: str, org: Somebody) -> Iterator[Site]:
    """2,000 rows to be written, by plain inserts."""
    with site(tmp_path, database, org, BLIND.replace("LEASE", "2")) as built:
        insert(built, "name", "'a' || n")
        yield built


def insert(built: Site, columns: str, values: str) -> None:
    series = f"SELECT {values} FROM generate_series(1, {COUNT}) AS n"
    built.rows.execute(f"INSERT INTO salesforce.account ({columns}) {series}".encode())


def kill_in_the_middle(built: Site, calls: str) -> None:
    """Kill an agent that has made three calls and is in the middle of the fourth."""
    built.org.plan(SLOW)
    with built.command.running("agent", "--once") as agent:
        built.org.wait_for_calls(3, calls)
        agent.signal(signal.SIGKILL)
        agent.wait()
    assert 0 < len(names(built.org)) < COUNT


def names(org: Somebody) -> list[str]:
    return sorted(one["Name"] for one in org.records("SELECT Name FROM Account"))


def is_whole(built: Site) -> None:
    """Each row is one record, and shows it; nothing is left to do."""
    assert names(built.org) == sorted(f"a{n}" for n in range(1, COUNT + 1))
    assert built.states() == {"SUCCESS": COUNT}
    assert built.query("SELECT DISTINCT sfid IS NULL, _hc_lastop FROM salesforce.account") == [
        (False, "SYNCED")
    ]
    assert built.query("SELECT count(*) FROM salesforce.account") == [(COUNT,)]


def test_a_killed_agent(identified: Site) -> None:
    kill_in_the_middle(identified, UPSERT)
    identified.once()
    is_whole(identified)


def test_an_agent_killed_when_its_answer_was_lost(identified: Site) -> None:
    identified.org.plan({"action": "lose_answer", "path": UPSERT, "nth": 4})
    with identified.command.running("agent", "--once") as agent:
        identified.org.wait_for_calls(4, UPSERT)
        agent.signal(signal.SIGKILL)
        agent.wait()
    identified.once()
    is_whole(identified)


def test_an_agent_killed_before_it_noted_the_answer(identified: Site) -> None:
    with psycopg.connect(identified.database) as application:
        application.execute("SELECT FROM salesforce.account WHERE id = 1 FOR UPDATE")
        with identified.command.running("agent", "--once") as agent:
            identified.org.wait_for_calls(1, UPSERT)
            agent.signal(signal.SIGKILL)
            agent.wait()
    assert identified.query("SELECT 1 FROM salesforce.account WHERE sfid IS NOT NULL") == []
    identified.once()
    is_whole(identified)


def test_without_an_identifier_what_is_unknown_is_parked(blind: Site) -> None:
    kill_in_the_middle(blind, CREATE)
    blind.once()
    sent = names(blind.org)
    assert len(sent) == len(set(sent))
    assert set(blind.states()) == {"SUCCESS", "FAILED"}
    parked = "FROM salesforce.account WHERE sfid IS NULL"
    assert blind.query(f"SELECT DISTINCT _hc_lastop, left(_hc_err, 10) {parked}") == [
        ("FAILED", "AMBIGUOUS:")
    ]
    [(unknown,)] = blind.query(f"SELECT count(*) {parked}")
    assert 0 < unknown <= 200
    # Salesforce has them, as everybody can see: each record has come as a row of its own.
    blind.rows.execute(f"DELETE {parked}".encode())
    blind.once()
    assert names(blind.org) == sorted(f"a{n}" for n in range(1, COUNT + 1))
    assert blind.query("SELECT count(*), count(sfid) FROM salesforce.account") == [(COUNT, COUNT)]


def test_without_an_identifier_what_never_arrived_is_sent_on_request(blind: Site) -> None:
    blind.org.plan({"action": "refuse", "path": CREATE, "nth": 4})
    done = blind.command.run("agent", "--once")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("200 changes are FAILED: the reason is in _trigger_log.sf_message\n")
    assert blind.states() == {"SUCCESS": COUNT - 200, "FAILED": 200}
    blind.rows.execute("UPDATE salesforce._trigger_log SET state = 'NEW' WHERE state = 'FAILED'")
    blind.once()
    is_whole(blind)


def test_two_agents_at_once(tmp_path: Path, database: str, org: Somebody) -> None:
    with site(tmp_path, database, org, BLIND.replace("LEASE", "30")) as built:
        insert(built, "name", "'a' || n")
        with (
            built.command.running("agent", "--once") as one,
            built.command.running("agent", "--once") as other,
        ):
            assert (one.wait(), other.wait()) == (0, 0), one.errors + other.errors
        is_whole(built)


def test_an_agent_told_to_end(identified: Site) -> None:
    identified.org.plan(SLOW)
    with identified.command.running("agent") as agent:
        identified.org.wait_for_calls(3, UPSERT)
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 0, agent.errors
    assert agent.errors.endswith("agent stopped\n")
    sent = 200 * len(identified.org.calls(UPSERT))
    assert 600 <= sent <= 800
    assert identified.states() == {"SUCCESS": sent, "NEW": COUNT - sent}
    identified.once()
    is_whole(identified)


def test_an_agent_whose_sessions_postgres_ends(identified: Site) -> None:
    with identified.command.running("agent") as agent:
        with identified.settling():
            identified.org.wait_for_calls(3, UPSERT)
            ended = identified.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'connectsql%%'"
            )
            assert len(ended) >= 4
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 0, agent.errors
    identified.once()
    is_whole(identified)


def test_an_org_that_goes_away_and_comes_back(tmp_path: Path, database: str) -> None:
    kept = ("--data", str(tmp_path / "org.sqlite"))
    with ExitStack() as until_it_goes, ExitStack() as stack:
        org = until_it_goes.enter_context(served(tmp_path, *kept))
        built = stack.enter_context(site(tmp_path, database, org, IDENTIFIED))
        agent = stack.enter_context(built.command.running("agent"))
        with built.settling():
            insert(built, "name, externalid__c", "'a' || n, 'x' || n")
            org.wait_for_calls(3, UPSERT)
            until_it_goes.close()
            agent.wait_for("no connection to the org at 127.0.0.1:")
            same_port = ("--port", str(urlsplit(org.url).port))
            built.org = stack.enter_context(served(tmp_path, *kept, *same_port))
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 0, agent.errors
        assert agent.errors.count("no connection") == 1
        built.once()
        is_whole(built)
