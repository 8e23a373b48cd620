"""Change events over HTTP and gRPC: what a subscriber is told of what callers do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from support.clock import SetClock
from support.subscriber import ALL, CUSTOM, Subscriber, refused

from connectsql.emulator import Options, RunningOrg, start_in_thread
from connectsql.errors import EmulatorError

from .conftest import Client

ACCOUNTS = "/data/AccountChangeEvent"
EVERYTHING = frozenset({"*"})


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def org(clock: SetClock) -> Iterator[RunningOrg]:
    with start_in_thread(Options(events=EVERYTHING), now=clock) as running:
        yield running


@pytest.fixture
def client(org: RunningOrg) -> Iterator[Client]:
    made = Client(org)
    yield made
    made.close()


@pytest.fixture
def subscriber(org: RunningOrg) -> Iterator[Subscriber]:
    made = Subscriber(org)
    yield made
    made.close()


def test_a_created_record_is_told_whole(client: Client, subscriber: Subscriber) -> None:
    fields = {"Name": "Acme", "BillingCity": "Bonn", "AnnualRevenue": 1.5, "Website": "x.example"}
    record_id = client.create("Account", **fields)
    (event,) = subscriber.events(1, ACCOUNTS)
    header = event.header
    assert (header["changeType"], header["entityName"]) == ("CREATE", "Account")
    assert header["recordIds"] == [record_id]
    assert (header["sequenceNumber"], header["commitTimestamp"]) == (1, 1795341600000)
    assert header["commitUser"] == event.body["OwnerId"]
    assert header["changeOrigin"] == "com/salesforce/api/rest/60.0"
    assert (header["changedFields"], header["nulledFields"], header["diffFields"]) == ([], [], [])
    assert event.body["Name"] == "Acme"
    assert event.body["BillingAddress"]["City"] == "Bonn"
    assert event.body["AnnualRevenue"] == 1.5
    assert event.body["CreatedDate"] == event.body["LastModifiedDate"] == 1795341600000
    assert not {"Id", "IsDeleted", "SystemModstamp", "BillingCity"} & set(event.body)


def test_an_update_tells_what_changed_and_what_was_emptied(
    client: Client, subscriber: Subscriber, clock: SetClock
) -> None:
    record_id = client.create("Contact", LastName="A", FirstName="B", Email="a@b.example")
    clock.forward(seconds=5)
    body = {"FirstName": None, "MailingCity": "Bonn", "Email": None, "DoNotCall": True}
    client.call("PATCH", f"sobjects/Contact/{record_id}", json=body)
    event = subscriber.events(2)[1]
    assert event.header["changeType"] == "UPDATE"
    assert event.changed == {
        "Name.FirstName",
        "MailingAddress.City",
        "Email",
        "DoNotCall",
        "LastModifiedDate",
    }
    assert event.nulled == {"Name.FirstName", "Email"}
    assert set(event.told) == {"MailingAddress", "DoNotCall", "LastModifiedDate"}
    assert event.told["LastModifiedDate"] == 1795341605000


def test_an_update_that_changes_nothing_is_not_told(client: Client, subscriber: Subscriber) -> None:
    record_id = client.create("Account", Name="A")
    client.call("PATCH", f"sobjects/Account/{record_id}", json={"Name": "A"})
    client.call("PATCH", f"sobjects/Account/{record_id}", json={"Name": "B"})
    first, second = subscriber.events(2)
    assert (first.body["Name"], second.body["Name"]) == ("A", "B")


def test_deletions_and_undeletions_are_told_but_not_what_is_gone_for_good(
    client: Client, subscriber: Subscriber
) -> None:
    kept, gone = (client.create("Account", Name=name) for name in ("kept", "gone"))
    for record_id in (kept, gone):
        client.call("DELETE", f"sobjects/Account/{record_id}")
    client.call("POST", "/__emulator__/undelete", json={"ids": [kept]})
    client.call("POST", "/__emulator__/purge", json={"ids": [gone]})
    client.create("Account", Name="last")
    events = subscriber.events(6)[2:]
    told = [(one.header["changeType"], one.header["recordIds"][0]) for one in events]
    assert told[:3] == [("DELETE", kept), ("DELETE", gone), ("UNDELETE", kept)]
    assert events[3].body["Name"] == "last"
    assert events[0].told == {}
    assert events[2].body["Name"] == "kept"


def test_events_are_lost_or_become_gaps_as_planned(client: Client, subscriber: Subscriber) -> None:
    plan = [
        {"action": "drop_event", "object": "Account", "nth": 2},
        {"action": "gap_event", "object": "Account", "nth": 3},
    ]
    client.call("POST", "/__emulator__/faults", json=plan)
    first, _, third, fourth = (client.create("Account", Name=name) for name in "ABCD")
    client.create("Lead", LastName="x", Company="y")
    events = subscriber.events(4)
    told = [(one.header["changeType"], one.header["recordIds"][0]) for one in events[:3]]
    assert told == [("CREATE", first), ("GAP_CREATE", third), ("CREATE", fourth)]
    assert events[1].told == {}
    assert len(client.query("SELECT Id FROM Account")) == 4


def test_gaps_are_made_by_hand(client: Client, subscriber: Subscriber) -> None:
    gap = "/__emulator__/events/gap"
    record_id = client.create("Account", Name="A")
    told = {"object": "Account", "ids": [record_id], "kind": "DELETE"}
    assert client.call("POST", gap, json=told).status_code == 204
    assert client.call("POST", gap, json={"object": "Account", "kind": "OVERFLOW"}).ok
    _, deleted, overflow = subscriber.events(3)
    assert (deleted.header["changeType"], deleted.header["recordIds"]) == (
        "GAP_DELETE",
        [record_id],
    )
    assert overflow.header["changeType"] == "GAP_OVERFLOW"
    for wrong in ({"object": "Foo"}, {"object": "Account", "ids": "x"}, {"kind": "MERGE"}):
        assert client.call("POST", gap, json=wrong).status_code == 400


def test_an_event_names_the_client_that_made_the_change(
    client: Client, subscriber: Subscriber
) -> None:
    headers = {"Sforce-Call-Options": "client=sync"}
    client.call("POST", "sobjects/Account", json={"Name": "A"}, headers=headers)
    (event,) = subscriber.events(1)
    assert event.header["changeOrigin"] == "com/salesforce/api/rest/60.0;client=sync"


def test_the_same_change_of_many_records_is_one_event(
    client: Client, subscriber: Subscriber
) -> None:
    kind = {"attributes": {"type": "Account"}}
    made = client.collection("POST", "", [kind | {"Name": str(n)} for n in range(4)])
    ids = [row["id"] for row in made]
    cities = ["Bonn", "Bonn", "Ulm", "Bonn"]
    rows = [kind | {"id": one, "BillingCity": city} for one, city in zip(ids, cities, strict=True)]
    client.collection("PATCH", "", rows)
    client.call("DELETE", "composite/sobjects", params={"ids": ",".join(ids)})
    events = subscriber.events(7)
    assert [one.header["changeType"] for one in events] == ["CREATE"] * 4 + [
        "UPDATE",
        "UPDATE",
        "DELETE",
    ]
    bonn, ulm, deleted = events[4:]
    assert bonn.header["recordIds"] == [ids[0], ids[1], ids[3]]
    assert ulm.header["recordIds"] == [ids[2]]
    assert deleted.header["recordIds"] == ids
    numbers = [one.header["sequenceNumber"] for one in events]
    assert numbers == [1, 2, 3, 4, 1, 2, 1]
    keys = [one.header["transactionKey"] for one in events]
    assert len(set(keys[:4])) == len(set(keys[4:6])) == 1
    assert len(set(keys)) == 3
    commits = [one.header["commitNumber"] for one in events]
    assert commits == sorted(commits)


def test_a_topic_has_the_events_of_its_object_and_one_has_all(
    client: Client, subscriber: Subscriber
) -> None:
    client.create("Account", Name="A")
    client.create("Contact", LastName="C")
    client.create("Account", Name="B")
    everything = subscriber.events(3)
    assert [one.kind for one in everything] == [
        "CREATE Account",
        "CREATE Contact",
        "CREATE Account",
    ]
    assert [one.body["Name"] for one in subscriber.events(2, ACCOUNTS)] == ["A", "B"]
    assert len({one.replay_id for one in everything}) == 3
    assert len({one.id for one in everything}) == 3
    replays = [one.replay_id for one in everything]
    assert replays == sorted(replays)


def test_only_selected_objects_have_events() -> None:
    with start_in_thread(Options(events=frozenset({"contact"}))) as org:
        client, subscriber = Client(org), Subscriber(org)
        client.create("Account", Name="A")
        client.create("Contact", LastName="C")
        assert [one.kind for one in subscriber.events(1)] == ["CREATE Contact"]
        assert refused(lambda: subscriber.topic(ACCOUNTS))[:2] == (
            StatusCode.NOT_FOUND,
            "topic.not.found",
        )
        client.close()
        subscriber.close()


def test_topics_tell_their_schema(org: RunningOrg, subscriber: Subscriber) -> None:
    topic = subscriber.topic(ACCOUNTS)
    assert (topic.topic_name, topic.can_publish, topic.can_subscribe) == (ACCOUNTS, False, True)
    assert topic.tenant_guid
    assert topic.rpc_id
    schema = json.loads(subscriber.schema(topic.schema_id))
    assert schema["name"] == "AccountChangeEvent"
    everything = subscriber.topic(ALL)
    assert (everything.schema_id, everything.can_subscribe) == ("", True)


def test_schemas_are_answered_over_http(client: Client, subscriber: Subscriber) -> None:
    schema_id = subscriber.topic(ACCOUNTS).schema_id
    compact = client.get(f"event/eventSchema/{schema_id}", payloadFormat="COMPACT").json()
    assert compact.pop("uuid") == schema_id
    assert compact == json.loads(subscriber.schema(schema_id))
    by_name = client.get("sobjects/AccountChangeEvent/eventSchema", payloadFormat="COMPACT").json()
    assert by_name == compact | {"uuid": schema_id}
    expanded = client.get("sobjects/AccountChangeEvent/eventSchema").json()
    assert (expanded["type"], expanded["uuid"]) == ("expanded-record", schema_id)
    (data, channel) = expanded["fields"]
    assert channel == {"name": "channel", "type": "string"}
    fields = {one["name"]: one for one in data["type"]["fields"]}
    created = next(
        one for one in fields["payload"]["type"]["fields"] if one["name"] == "CreatedDate"
    )
    assert created["type"] == ["null", "string"]
    for path in ("event/eventSchema/nothing", "sobjects/FooChangeEvent/eventSchema"):
        assert client.get(path).status_code == 404
    odd = client.get("sobjects/AccountChangeEvent/eventSchema", payloadFormat="XML")
    assert odd.status_code == 400


def test_a_new_field_makes_a_new_schema_and_the_old_one_stays_readable(tmp_path: Path) -> None:
    raw: dict[str, Any] = {
        "name": "Thing__c",
        "fields": [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string"}],
    }
    raw["fields"][1]["createable"] = True
    (tmp_path / "d").mkdir()
    path = tmp_path / "d" / "thing.json"
    path.write_text(json.dumps(raw))
    options = Options(describe=tmp_path / "d", data=tmp_path / "org.db", events=EVERYTHING)
    with start_in_thread(options) as org:
        client = Client(org)
        client.create("Thing__c", Name="old")
        client.close()
    raw["fields"].append({"name": "At__c", "type": "time", "createable": True})
    path.write_text(json.dumps(raw))
    with start_in_thread(options) as org:
        client, subscriber = Client(org), Subscriber(org)
        client.create("Thing__c", Name="new", At__c="10:00:00.000Z")
        old, new = subscriber.events(2, "/data/Thing__ChangeEvent")
        assert old.body == {"Name": "old"}
        assert new.body == {"Name": "new", "At__c": 36_000_000}
        assert new.schema_id == subscriber.topic("/data/Thing__ChangeEvent").schema_id
        assert old.schema_id != new.schema_id
        client.close()
        subscriber.close()


def test_events_are_replayed_after_a_restart(tmp_path: Path, clock: SetClock) -> None:
    options = Options(data=tmp_path / "org.db", events=EVERYTHING)
    with start_in_thread(options, now=clock) as org:
        client, subscriber = Client(org), Subscriber(org)
        for name in "ABC":
            client.create("Account", Name=name)
        first = subscriber.events(1)[0]
        client.close()
        subscriber.close()
    with start_in_thread(options, now=clock) as org:
        client, subscriber = Client(org), Subscriber(org)
        client.create("Account", Name="D")
        more = {"replay_preset": CUSTOM, "replay_id": first.replay_id}
        rest = subscriber.events(3, **more)
        assert [one.body["Name"] for one in rest] == ["B", "C", "D"]
        client.close()
        subscriber.close()


def test_events_are_kept_for_three_days(
    client: Client, subscriber: Subscriber, clock: SetClock
) -> None:
    client.create("Account", Name="old")
    (old,) = subscriber.events(1)
    clock.forward(hours=71)
    client.create("Account", Name="new")
    assert [one.body["Name"] for one in subscriber.events(2)] == ["old", "new"]
    clock.forward(hours=2)
    assert [one.body["Name"] for one in subscriber.events(1)] == ["new"]
    stream = subscriber.stream(1, replay_preset=CUSTOM, replay_id=old.replay_id)
    assert refused(stream.call)[:2] == (
        StatusCode.INVALID_ARGUMENT,
        "subscription.fetch.replayid.corrupted",
    )


def test_without_events_nobody_follows_the_changes() -> None:
    with start_in_thread(Options()) as org:
        assert org.pubsub is None
        assert "pubsub" not in org.as_json()
        assert org._org.data.before_commit == []
        client = Client(org)
        assert client.get("sobjects/AccountChangeEvent/eventSchema").status_code == 404
        client.close()


def test_grpc_is_imported_for_events_alone() -> None:
    script = (
        "import sys; from connectsql.emulator import Options, start_in_thread\n"
        "start_in_thread(Options()).stop(); print('grpc' in sys.modules)\n"
        "start_in_thread(Options(events=frozenset('*'))).stop(); print('grpc' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (told.stdout.split(), told.stderr) == (["False", "True"], "")


def test_without_the_extra_events_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if one.startswith("connectsql.emulator.events")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(EmulatorError, match="grpc") as caught:
        start_in_thread(Options(events=EVERYTHING))
    assert "connectsql[events]" in caught.value.hint


def test_an_org_tells_where_its_events_are(org: RunningOrg) -> None:
    assert org.as_json()["pubsub"] == org.pubsub
    assert org.pubsub
    assert org.pubsub.startswith("127.0.0.1:")


def test_a_taken_port_and_objects_without_events_are_refused(org: RunningOrg) -> None:
    assert org.pubsub
    port = int(org.pubsub.rpartition(":")[2])
    with pytest.raises(EmulatorError, match=f"port {port} .* Pub/Sub"):
        start_in_thread(Options(events=EVERYTHING, pubsub_port=port))
    for name in ("Foo", "Organization"):
        with pytest.raises(EmulatorError, match=name) as caught:
            start_in_thread(Options(events=frozenset({name})))
        assert "Account, Case, Contact" in caught.value.hint
