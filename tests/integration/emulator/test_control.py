"""The emulator's own routes: the log of calls, and planned faults."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .conftest import VERSION, Client

CALLS = "/__emulator__/calls"
FAULTS = "/__emulator__/faults"


@pytest.fixture(autouse=True)
def _no_faults_stay(client: Client) -> Any:
    yield
    client.call("DELETE", FAULTS)


def plan(client: Client, **fault: Any) -> None:
    answer = client.call("POST", FAULTS, json=[fault])
    assert answer.status_code == 200, answer.text


def logged(client: Client, since: int = 0, **more: Any) -> list[dict[str, Any]]:
    answer = requests.get(client.org.url + CALLS, params={"since": since, **more}, timeout=30)
    assert answer.status_code == 200
    calls: list[dict[str, Any]] = answer.json()["calls"]
    return calls


def last(client: Client) -> int:
    n: int = client.call("GET", CALLS).json()["last"]
    return n


def test_the_log_tells_what_was_called(client: Client) -> None:
    before = last(client)
    rows = [{"attributes": {"type": "Account"}, "Name": "x"}] * 3
    client.collection("POST", "", rows)
    client.query("SELECT Id FROM Account LIMIT 2")
    client.get("sobjects/Account/nope")
    told = [
        (call["n"] - before, call["method"], call["status"], call["object"], call["records"])
        for call in logged(client, before)
    ]
    assert told == [
        (1, "POST", 200, "Account", 3),
        (2, "GET", 200, "Account", 2),
        (3, "GET", 404, "Account", None),
    ]


def test_the_log_can_be_cleared_and_numbers_go_on(client: Client) -> None:
    client.get("limits")
    before = last(client)
    assert client.call("DELETE", CALLS).status_code == 204
    assert logged(client) == []
    client.get("limits")
    assert [call["n"] for call in logged(client)] == [before + 1]


def test_waiting_ends_with_the_first_call_that_fits(client: Client) -> None:
    before = last(client)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(logged, client, before, wait=20, path=r"Account\?x=2$")
        for n in (1, 2):
            client.get("sobjects/Account", x=n)
        (call,) = waiting.result()
    assert call["query"] == "x=2"
    assert logged(client, last(client), wait=0.01) == []


def test_what_the_control_routes_do_not_understand(client: Client) -> None:
    for params in ({"since": "x"}, {"path": "("}):
        assert client.call("GET", CALLS, params=params).status_code == 400
    assert client.call("GET", "/__emulator__/nothing").status_code == 404
    bad: list[Any] = [
        "x",
        [1],
        [{"action": "explode"}],
        [{"action": "delay"}],
        [{"action": "refuse", "paht": "x"}],
        [{"action": "refuse", "path": "("}],
    ]
    for fault in bad:
        answer = client.call("POST", FAULTS, json=fault)
        assert answer.status_code == 400
        assert answer.json()[0]["errorCode"] == "INVALID_FAULT"


def test_an_answer_is_lost_after_the_work_was_done(client: Client) -> None:
    plan(client, action="lose_answer", method="post", path="sobjects/Account", times=1)
    before = last(client)
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "sobjects/Account", json={"Name": "x", "ExternalId__c": "lost"})
    (call,) = logged(client, before, wait=20, path="Account")
    assert (call["status"], call["fault"]) == (0, "lose_answer")
    assert len(client.query("SELECT Id FROM Account WHERE ExternalId__c = 'lost'")) == 1
    client.create("Account", Name="answered again")


def test_a_call_is_refused_before_anything_is_done(client: Client) -> None:
    plan(client, action="refuse", nth=2, path="sobjects/Account")
    client.create("Account", Name="x", ExternalId__c="first")
    with pytest.raises(requests.ConnectionError):
        client.call("POST", "sobjects/Account", json={"Name": "x", "ExternalId__c": "second"})
    client.create("Account", Name="x", ExternalId__c="third")
    assert client.query("SELECT Id FROM Account WHERE ExternalId__c = 'second'") == []


def test_an_error_is_answered_every_second_time(client: Client) -> None:
    told = {"status": 503, "errorCode": "SERVER_UNAVAILABLE", "message": "busy"}
    plan(client, action="error", every=2, path="limits", times=1, **told)
    answers = [client.get("limits") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 200, 200]
    assert answers[1].json() == [{"message": "busy", "errorCode": "SERVER_UNAVAILABLE"}]
    (fault,) = client.call("GET", FAULTS).json()["faults"]
    assert (fault["met"], fault["happened"]) == (4, 1)


def test_one_row_of_a_collection_is_refused(client: Client) -> None:
    told = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}
    plan(client, action="row_error", index=1, path="composite/sobjects", times=1, **told)
    rows = [{"attributes": {"type": "Lead"}, "LastName": n, "Company": "fault"} for n in "abc"]
    first, second, third = client.collection("POST", "", rows)
    assert first["success"]
    assert third["success"]
    assert second == {"success": False, "errors": [{**told, "fields": []}]}
    assert len(client.query("SELECT Id FROM Lead WHERE Company = 'fault'")) == 2
    plan(client, action="row_error", index=0, path="sobjects/Lead", **told)
    error = client.row_error("Lead", LastName="x", Company="y")
    assert error["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_a_delayed_call_holds_up_no_other(client: Client) -> None:
    plan(client, action="delay", ms=400, path="limits")
    before = last(client)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(client.get, "limits")
        quick = requests.get(f"{client.org.url}/services/data", timeout=30)
        assert quick.status_code == 200
        assert slow.result().status_code == 200
    calls = [call for call in logged(client, before) if "limits" in call["path"]]
    assert [call["fault"] for call in calls] == ["delay"]


def test_calls_that_the_emulator_has_no_route_for_are_listed(fresh: Client) -> None:
    answer = fresh.get("analytics/reports")
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"
    assert fresh.get("sobjects/Account/001Em0000000099AAA").status_code == 404
    assert fresh.call("GET", "/services/nowhere").status_code == 404
    told = fresh.call("GET", "/__emulator__/unknown").json()["calls"]
    paths = [call["path"] for call in told]
    assert paths == [f"/services/data/{VERSION}/analytics/reports", "/services/nowhere"]


def test_faults_of_an_object_alone(client: Client) -> None:
    plan(client, action="error", object="Lead", status=500, errorCode="X", message="no")
    client.create("Account", Name="x")
    assert client.call("POST", "sobjects/Lead", json={}).status_code == 500
    rows = [{"attributes": {"type": "Lead"}, "LastName": "x", "Company": "y"}]
    assert client.call("POST", "composite/sobjects", json={"records": rows}).status_code == 500
    assert client.get("query", q="SELECT Id FROM Account LIMIT 1").status_code == 200
    assert client.get("query", q="SELECT Id FROM lead").status_code == 500


def test_chance_is_the_same_for_the_same_seed(client: Client) -> None:
    fault = {"action": "error", "path": "limits$", "probability": 0.5}
    fault |= {"status": 503, "errorCode": "X", "message": "by chance"}
    outcomes = []
    for seed in (7, 7, 8):
        client.call("DELETE", FAULTS)
        client.call("POST", FAULTS, json={"seed": seed, "faults": [fault]})
        outcomes.append([client.get("limits").status_code for _ in range(30)])
    first, again, other = outcomes
    assert first == again != other
    assert set(first) == {200, 503}


def test_chance_of_one_fault_does_not_depend_on_how_often_others_are_met(client: Client) -> None:
    fault = {"action": "error", "path": "limits$", "probability": 0.5}
    fault |= {"status": 503, "errorCode": "X", "message": "by chance"}
    other = fault | {"path": "recordCount"}
    outcomes = []
    for others in (0, 3):
        client.call("DELETE", FAULTS)
        client.call("POST", FAULTS, json={"seed": 7, "faults": [other, fault]})
        for _ in range(others):
            client.get("limits/recordCount")
        outcomes.append([client.get("limits").status_code for _ in range(30)])
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {200, 503}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/services/oauth2/token", '{"error":"BUSY","error_description":"try again"}'),
        ("/services/async/60.0/job", "<exceptionCode>BUSY</exceptionCode>"),
        ("/services/Soap/u/60.0", "<faultstring>BUSY: try again</faultstring>"),
        ("/services/Soap/c/60.0", "<sf:exceptionCode>BUSY</sf:exceptionCode>"),
        ("/services/data/v60.0/limits", '[{"message":"try again","errorCode":"BUSY"}]'),
    ],
)
def test_a_planned_error_has_the_form_of_the_api_called(
    fresh: Client, path: str, told: str
) -> None:
    plan(fresh, action="error", status=503, errorCode="BUSY", message="try again")
    answer = fresh.call("POST", path, data="<x/>", headers={"Content-Type": "text/xml"})
    assert answer.status_code == 503
    assert told in answer.text


def test_an_expired_session_is_refused_until_the_next_login(fresh: Client) -> None:
    plan(fresh, action="session_expired", nth=2)
    assert fresh.get("limits").status_code == 200
    for _ in range(2):
        answer = fresh.get("limits")
        assert answer.status_code == 401
        assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize(("kind", "told"), [("total", "TotalRequests"), ("concurrent", "Concurr")])
def test_both_kinds_of_a_spent_quota(client: Client, kind: str, told: str) -> None:
    plan(client, action="quota_spent", quota=kind, times=1)
    answer = client.get("limits")
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert answer.json()[0]["message"].startswith(told)


def test_the_quota_can_be_set_to_its_end(fresh: Client) -> None:
    limit = fresh.call("POST", "/__emulator__/quota", json={}).json()["calls"]["limit"]
    fresh.call("POST", "/__emulator__/quota", json={"calls": limit - 1})
    assert fresh.get("limits").status_code == 200
    assert fresh.get("limits").status_code == 403
    for wrong in ({"calls": -1}, {"cals": 1}, {"calls": "x"}, {"bulk_rows": True}):
        assert fresh.call("POST", "/__emulator__/quota", json=wrong).status_code == 400


def test_too_many_calls_at_once() -> None:
    with ThreadPoolExecutor() as pool, start_in_thread(Options(concurrent_calls=1)) as org:
        client = Client(org)
        plan(client, action="delay", ms=60_000, path="slow", times=1)
        slow = pool.submit(client.get, "limits", slow="1")
        busy = _until(lambda: client.get("limits"), lambda one: one.status_code == 403)
        assert busy.json()[0]["message"].startswith("ConcurrentRequests")
        form = {"client_id": org.client_id, "client_secret": org.client_secret}
        form |= {"grant_type": "client_credentials"}
        assert client.call("POST", "/services/oauth2/token", data=form).status_code == 200
        org.stop()
        assert slow.result().status_code == 200
        client.close()


def test_a_late_commit_shows_after_its_stamp(fresh: Client) -> None:
    plan(fresh, action="late_commit", ms=1500, object="Account", times=1)
    with ThreadPoolExecutor() as pool:
        late = pool.submit(fresh.create, "Account", Name="late")
        _until(lambda: fresh.call("GET", FAULTS).json()["faults"], lambda one: one[0]["happened"])
        early = fresh.create("Lead", LastName="x", Company="y")
        assert fresh.names("SELECT Name FROM Account") == []
        late_id = late.result()
    (late_row,) = fresh.query(f"SELECT SystemModstamp FROM Account WHERE Id = '{late_id}'")
    (early_row,) = fresh.query(f"SELECT SystemModstamp FROM Lead WHERE Id = '{early}'")
    assert late_row["SystemModstamp"] <= early_row["SystemModstamp"]


def _until(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as wanted; each asking is a call of the org."""
    deadline = time.monotonic() + 30
    while not holds(answer := ask()):
        assert time.monotonic() < deadline
    return answer
