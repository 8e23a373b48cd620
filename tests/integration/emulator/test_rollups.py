"""Roll-up fields follow the children, and save their parent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectsql.emulator import Automation, Options, start_in_thread
from tests.integration.emulator.conftest import Client
from tests.support.taught import computed, describe

QUERY = "SELECT Open__c, Count__c, Least__c, Last__c FROM Account ORDER BY Name"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Tick:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def tick() -> Tick:
    return Tick()


@pytest.fixture
def client(tmp_path: Path, tick: Tick) -> Iterator[Client]:
    automation = Automation()
    to = {"child": "Opportunity", "lookup": "AccountId"}
    automation.rollup("Account", "Open__c", **to, sum="Amount", where="IsClosed = false")
    automation.rollup("Account", "Count__c", **to)
    automation.rollup("Account", "Least__c", **to, min="Amount")
    automation.rollup("Account", "Last__c", **to, max="CloseDate")
    fields = [
        computed("Open__c", "currency", precision=18, scale=2),
        computed("Count__c", "double", precision=18),
        computed("Least__c", "currency", precision=18, scale=2),
        computed("Last__c", "date"),
    ]
    options = Options(describe=describe(tmp_path, Account=fields), automation=automation)
    with start_in_thread(options, now=tick) as running:
        made = Client(running)
        yield made
        made.close()


def opportunity(client: Client, account: str, amount: float, stage: str = "Prospecting") -> str:
    return client.create(
        "Opportunity",
        Name="O",
        AccountId=account,
        Amount=amount,
        StageName=stage,
        CloseDate="2026-01-01",
    )


def sums(client: Client) -> list[tuple[object, ...]]:
    names = ("Open__c", "Count__c", "Least__c", "Last__c")
    return [tuple(one[name] for name in names) for one in client.query(QUERY)]


def test_children_are_summed_up(client: Client) -> None:
    account = client.create("Account", Name="A")
    assert sums(client) == [(None, None, None, None)]
    opportunity(client, account, 10.5)
    opportunity(client, account, 4)
    opportunity(client, account, 2, "Closed Won")
    assert sums(client) == [(14.5, 3.0, 2.0, "2026-01-01")]


def test_changed_deleted_and_undeleted_children_count(client: Client) -> None:
    account = client.create("Account", Name="A")
    first = opportunity(client, account, 10)
    opportunity(client, account, 4)
    client.call("PATCH", f"sobjects/Opportunity/{first}", json={"StageName": "Closed Lost"})
    assert sums(client) == [(4.0, 2.0, 4.0, "2026-01-01")]
    client.call("DELETE", f"sobjects/Opportunity/{first}")
    assert sums(client) == [(4.0, 1.0, 4.0, "2026-01-01")]
    url = f"{client.org.url}/__emulator__/undelete"
    answer = client.session.post(url, json={"ids": [first]})
    assert answer.status_code == 200, answer.text
    assert sums(client) == [(4.0, 2.0, 4.0, "2026-01-01")]


def test_reparented_child_counts_for_its_new_parent(client: Client) -> None:
    one, two = client.create("Account", Name="A"), client.create("Account", Name="B")
    child = opportunity(client, one, 10)
    client.call("PATCH", f"sobjects/Opportunity/{child}", json={"AccountId": two})
    assert sums(client) == [(0.0, 0.0, None, None), (10.0, 1.0, 10.0, "2026-01-01")]


def test_one_collection_saves_a_parent_once(client: Client) -> None:
    account = client.create("Account", Name="A")
    told = {"attributes": {"type": "Opportunity"}, "Name": "O", "AccountId": account}
    told |= {"StageName": "Prospecting", "CloseDate": "2026-01-01", "Amount": 1}
    rows = client.collection("POST", "", [told] * 200)
    assert all(row["success"] for row in rows)
    assert sums(client) == [(200.0, 200.0, 1.0, "2026-01-01")]


def test_changed_sum_moves_the_parents_stamps(client: Client, tick: Tick) -> None:
    account = client.create("Account", Name="A")
    tick.now += timedelta(minutes=1)
    child = opportunity(client, account, 10)
    query = "SELECT CreatedDate, LastModifiedDate, SystemModstamp FROM Account"
    (found,) = client.query(query)
    assert found["SystemModstamp"] == found["LastModifiedDate"] == "2026-05-01T12:01:00.000+0000"
    tick.now += timedelta(minutes=1)
    client.call("PATCH", f"sobjects/Opportunity/{child}", json={"NextStep": "Call"})
    assert client.query(query) == [found]
