"""What was updated and deleted in a span of time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectsql.emulator.routes import replication

from .conftest import Client

NOW = datetime.now(UTC)
BEFORE, AFTER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=30)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(client: Client, path: str, start: datetime = BEFORE, end: datetime = AFTER) -> Any:
    answer = client.get(f"sobjects/{path}", start=written(start), end=written(end))
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z")


def deleted_ids(client: Client, object_name: str) -> list[str]:
    return [one["id"] for one in ask(client, f"{object_name}/deleted")["deletedRecords"]]


def test_created_and_changed_records_are_told_and_deleted_ones_are_not(fresh: Client) -> None:
    first, second, third = (fresh.create("Account", Name=name) for name in "abc")
    fresh.call("PATCH", f"sobjects/Account/{first}", json={"Name": "x"})
    fresh.call("DELETE", f"sobjects/Account/{third}")
    told = ask(fresh, "Account/updated")
    assert set(told) == {"ids", "latestDateCovered"}
    assert set(told["ids"]) == {first, second}
    covered = read(told["latestDateCovered"])
    assert covered.second == 0
    assert covered <= datetime.now(UTC)
    assert ask(fresh, "Account/updated", BEFORE - timedelta(days=2), BEFORE)["ids"] == []


def test_deleted_records_are_told_until_they_come_back(fresh: Client) -> None:
    account = fresh.create("Account", Name="x")
    contact = fresh.create("Contact", LastName="x", AccountId=account)
    fresh.call("DELETE", f"sobjects/Account/{account}")
    told = ask(fresh, "Account/deleted")
    assert set(told) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    (record,) = told["deletedRecords"]
    assert record["id"] == account
    assert BEFORE < read(record["deletedDate"]) < AFTER
    assert read(told["earliestDateAvailable"]) <= NOW - timedelta(days=14)
    assert deleted_ids(fresh, "Contact") == [contact]
    fresh.call("POST", "/__emulator__/undelete", json={"ids": [account]})
    assert deleted_ids(fresh, "Account") == deleted_ids(fresh, "Contact") == []
    assert set(ask(fresh, "Contact/updated")["ids"]) == {contact}


def test_after_a_purge_the_log_says_that_it_lacks_something(fresh: Client) -> None:
    account = fresh.create("Account", Name="x")
    fresh.call("DELETE", f"sobjects/Account/{account}")
    (record,) = ask(fresh, "Account/deleted")["deletedRecords"]
    fresh.call("DELETE", "/__emulator__/bin")
    told = ask(fresh, "Account/deleted")
    assert told["deletedRecords"] == []
    assert told["earliestDateAvailable"] == record["deletedDate"]
    unharmed = ask(fresh, "Contact/deleted")["earliestDateAvailable"]
    assert read(unharmed) <= NOW - timedelta(days=14)


@pytest.mark.parametrize(
    ("start", "end", "code", "message"),
    [
        (NOW, NOW, "INVALID_REPLICATION_DATE", "startDate must be at least one minute greater"),
        (AFTER, BEFORE, "INVALID_REPLICATION_DATE", "startDate must be at least one minute"),
        (
            NOW - timedelta(days=31),
            NOW,
            "INVALID_REPLICATION_DATE",
            "startDate cannot be more than 30 days ago",
        ),
    ],
)
@pytest.mark.parametrize("what", ["updated", "deleted"])
def test_a_wrong_span_is_refused(
    client: Client, what: str, start: datetime, end: datetime, code: str, message: str
) -> None:
    span = {"start": written(start), "end": written(end)}
    answer = client.get(f"sobjects/Account/{what}", **span)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert answer.json()[0]["message"].startswith(message)


def test_the_forms_of_a_moment(client: Client) -> None:
    start, end = BEFORE.strftime("%Y-%m-%dT%H:%M:%S"), AFTER.strftime("%Y-%m-%dT%H:%M:%S")
    for zone in ("Z", "%2B00:00", ".000Z", ".000%2B0000"):
        path = f"sobjects/Account/updated/?start={start}{zone}&end={end}{zone}"
        assert client.call("GET", path).status_code == 200
    for query in (
        "",
        f"?start={start}Z",
        f"?start={start}+00:00&end={end}+00:00",
        "?start=x&end=y",
    ):
        assert client.call("GET", f"sobjects/Account/updated{query}").status_code == 400


def test_seconds_count_for_nothing(client: Client) -> None:
    start = NOW.replace(second=50) - timedelta(minutes=3)
    told = ask(client, "Account/updated", start, start + timedelta(seconds=65))
    assert told["latestDateCovered"] == (start + timedelta(seconds=65)).strftime(
        "%Y-%m-%dT%H:%M:00.000+0000"
    )


def test_too_many_ids_are_refused(fresh: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication, "MOST_IDS", 2)
    for _ in range(3):
        record_id = fresh.create("Lead", LastName="x", Company="y")
    span = {"start": written(BEFORE), "end": written(AFTER)}
    answer = fresh.get("sobjects/Lead/updated", **span)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    fresh.call("DELETE", f"sobjects/Lead/{record_id}")
    assert fresh.get("sobjects/Lead/updated", **span).status_code == 200


def test_an_unknown_object_is_a_404(client: Client) -> None:
    span = {"start": written(BEFORE), "end": written(AFTER)}
    assert client.get("sobjects/Nope/deleted", **span).status_code == 404


def test_nothing_is_covered_that_a_late_commit_may_still_change(fresh: Client) -> None:
    began = written(datetime.now(UTC))
    fault = {"action": "late_commit", "ms": 1500, "method": "POST", "path": "sobjects/Account"}
    fresh.call("POST", "/__emulator__/faults", json=[fault])
    with ThreadPoolExecutor() as pool:
        late = pool.submit(
            requests.post,
            f"{fresh.org.url}/services/data/v60.0/sobjects/Account",
            json={"Name": "late"},
            headers={"Authorization": f"Bearer {fresh.org.access_token}"},
            timeout=30,
        )
        covered = ask(fresh, "Account/updated")["latestDateCovered"]
        assert late.result().status_code == 201
    (record,) = fresh.query("SELECT SystemModstamp FROM Account")
    assert record["SystemModstamp"] >= began.replace("Z", ".000+0000")
    assert covered <= record["SystemModstamp"]
