"""The Pub/Sub API itself: flow control, keepalives, refusals, many subscribers, the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc import StatusCode
from support.clock import SetClock
from support.subscriber import (
    ALL,
    CUSTOM,
    EARLIEST,
    Received,
    Subscriber,
    messages,
    refused,
    services,
)

from connectsql.emulator import Options, RunningOrg, start_in_thread
from connectsql.emulator.events.service import pubsub_server
from connectsql.emulator.events.subscription import Patience
from connectsql.emulator.whole import Org

from .conftest import Client

EVERYTHING = frozenset({"*"})
SLEEPY = """
import sys
sys.path.insert(0, %r)
from support.subscriber import services, messages
import grpc
metadata = (("accesstoken", %r), ("instanceurl", "x"), ("tenantid", %r))
stub = services.PubSubStub(grpc.insecure_channel(%r))
first = messages.FetchRequest(topic_name="/data/ChangeEvents", replay_preset=1, num_requested=9)
for response in stub.Subscribe(iter([first]), metadata=metadata):
    print(len(response.events), flush=True)
"""


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    options = Options(events=EVERYTHING, keepalive_seconds=0.05)
    with start_in_thread(options) as running:
        yield running


@pytest.fixture(scope="module")
def client(org: RunningOrg) -> Iterator[Client]:
    made = Client(org)
    yield made
    made.close()


@pytest.fixture(scope="module")
def subscriber(org: RunningOrg) -> Iterator[Subscriber]:
    made = Subscriber(org)
    yield made
    made.close()


def names(events: list[Received]) -> list[str]:
    return [one.body["Name"] for one in events]


def test_no_more_is_sent_than_was_asked_for(client: Client, subscriber: Subscriber) -> None:
    here = subscriber.stream(2)
    start = here.next()
    assert (len(start.events), start.pending_num_requested) == (0, 2)
    for name in "ABCDE":
        client.create("Account", Name=name)
    assert names(here.events(2)) == ["A", "B"]
    here.ask(1)
    here.ask(2)
    assert names(here.events(3)) == ["C", "D", "E"]
    here.leave()
    assert list(here.call) == []


def test_requests_add_up(client: Client, subscriber: Subscriber) -> None:
    stream = subscriber.stream(60)
    assert stream.next().pending_num_requested == 60
    stream.ask(100)
    while (response := stream.next()).pending_num_requested != 160:
        assert list(response.events) == []
    client.create("Account", Name="one")
    while not (response := stream.next()).events:
        pass
    assert response.pending_num_requested == 159
    assert response.latest_replay_id == response.events[-1].replay_id
    assert response.rpc_id
    stream.call.cancel()


def test_many_events_come_in_order_and_once(client: Client, subscriber: Subscriber) -> None:
    stream = subscriber.stream(100)
    assert stream.next().pending_num_requested == 100
    stream.ask(100)
    stream.ask(50)
    wanted = [str(number) for number in range(250)]
    for start in (0, 200):
        some = wanted[start : start + 200]
        rows = [{"attributes": {"type": "Account"}, "Name": name} for name in some]
        client.collection("POST", "", rows)
    assert names(stream.events(250)) == wanted
    stream.call.cancel()


def test_only_what_is_new_is_sent_unless_told_otherwise(
    client: Client, subscriber: Subscriber
) -> None:
    client.create("Account", Name="before")
    stream = subscriber.stream(1)
    assert list(stream.next().events) == []
    client.create("Account", Name="after")
    assert names(stream.events(1)) == ["after"]
    stream.call.cancel()


def test_a_keepalive_tells_where_to_resume(client: Client, subscriber: Subscriber) -> None:
    client.create("Account", Name="before")
    stream = subscriber.stream(1)
    keepalive = stream.next()
    assert list(keepalive.events) == []
    stream.call.cancel()
    client.create("Account", Name="after")
    more = {"replay_preset": CUSTOM, "replay_id": keepalive.latest_replay_id}
    assert names(subscriber.events(1, **more)) == ["after"]


def test_only_the_first_request_says_where_to_begin(client: Client, subscriber: Subscriber) -> None:
    stream = subscriber.stream(1)
    stream.next()
    for name in "ABC":
        client.create("Account", Name=name)
    (first,) = stream.events(1)
    stream.ask(2, topic_name=ALL, replay_preset=EARLIEST)
    assert names([first, *stream.events(2)]) == ["A", "B", "C"]
    stream.call.cancel()


def test_subscribers_do_not_take_from_each_other(org: RunningOrg, client: Client) -> None:
    them = [Subscriber(org) for _ in range(5)]
    streams = [one.stream(3) for one in them for _ in range(2)]
    for stream in streams:
        stream.next()
    for name in "ABC":
        client.create("Account", Name=name)
    for stream in streams:
        assert names(stream.events(3)) == ["A", "B", "C"]
        stream.call.cancel()
    for one in them:
        one.close()


def test_who_reads_nothing_holds_up_nobody(client: Client, subscriber: Subscriber) -> None:
    lazy = subscriber.stream(100)
    lazy.next()
    for _ in range(20):
        lazy.ask(100)
    quick = subscriber.stream(1)
    quick.next()
    text = "x" * 30_000
    for _ in range(5):
        rows = [{"attributes": {"type": "Account"}, "Name": "big", "Description": text}] * 100
        client.collection("POST", "", rows)
    assert names(quick.events(1)) == ["big"]
    assert len(lazy.events(500)) == 500
    lazy.call.cancel()
    quick.call.cancel()


def test_a_killed_subscriber_is_forgotten(
    org: RunningOrg, client: Client, subscriber: Subscriber
) -> None:
    assert org.pubsub
    tests = str(Path(__file__).parents[2])
    tenant = dict(subscriber.metadata)["tenantid"]
    script = SLEEPY % (tests, org.access_token, tenant, org.pubsub)
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    client.create("Account", Name="first")
    assert int(process.stdout.readline()) > 0
    process.kill()
    process.communicate()
    stream = subscriber.stream(1)
    stream.next()
    client.create("Account", Name="next")
    assert names(stream.events(1)) == ["next"]
    stream.call.cancel()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"num_requested": 0}, "subscription.fetch.requested.events.invalid"),
        ({"num_requested": 101}, "subscription.fetch.requested.events.invalid"),
        ({"num_requested": -1}, "subscription.fetch.requested.events.invalid"),
        ({"replay_preset": CUSTOM}, "subscription.fetch.replayid.validation.failed"),
        (
            {"replay_preset": CUSTOM, "replay_id": b"short"},
            "subscription.fetch.replayid.corrupted",
        ),
        (
            {"replay_preset": CUSTOM, "replay_id": bytes(8)},
            "subscription.fetch.replayid.corrupted",
        ),
        (
            {"replay_preset": CUSTOM, "replay_id": b"\xff" * 8},
            "subscription.fetch.replayid.corrupted",
        ),
        ({"topic_name": ""}, "topic.validation.empty"),
    ],
)
def test_what_a_first_request_may_not_say(
    subscriber: Subscriber, request_: dict[str, object], code: str
) -> None:
    whole = {"topic_name": ALL, "num_requested": 1} | request_
    first = messages.FetchRequest(**whole)
    call = subscriber.stub.Subscribe(iter([first]), metadata=subscriber.metadata, timeout=30)
    assert refused(call)[:2] == (StatusCode.INVALID_ARGUMENT, code)


@pytest.mark.parametrize("topic", ["/data/FooChangeEvent", "/event/X__e", "AccountChangeEvent"])
def test_an_unknown_topic_is_not_found(subscriber: Subscriber, topic: str) -> None:
    expected = (StatusCode.NOT_FOUND, "topic.not.found")
    told = refused(lambda: subscriber.topic(topic))
    assert told[:2] == expected
    assert topic in told[2]
    assert refused(subscriber.stream(1, topic).call)[:2] == expected


def test_what_a_further_request_may_not_say(subscriber: Subscriber) -> None:
    bad = (
        ({"topic_name": "/data/ContactChangeEvent"}, 1, "subscription.fetch.topic.mismatch"),
        ({}, 0, "subscription.fetch.requested.events.invalid"),
    )
    for more, number, code in bad:
        stream = subscriber.stream(1)
        stream.next()
        stream.ask(number, **more)
        assert refused(stream.call)[:2] == (StatusCode.INVALID_ARGUMENT, code)


def test_schemas_that_are_not_there(subscriber: Subscriber) -> None:
    blank = refused(lambda: subscriber.schema(""))
    assert blank == (
        StatusCode.INVALID_ARGUMENT,
        "schema.validation.failed",
        "Schema validation failed. The schema ID can't be blank.",
    )
    assert refused(lambda: subscriber.schema("nothing"))[0] == StatusCode.NOT_FOUND


def test_change_events_cannot_be_published(subscriber: Subscriber) -> None:
    stub, metadata = subscriber.stub, subscriber.metadata
    request = messages.PublishRequest(topic_name="/data/AccountChangeEvent")
    single = refused(lambda: stub.Publish(request, metadata=metadata, timeout=30))
    streamed = refused(stub.PublishStream(iter([request]), metadata=metadata, timeout=30))
    assert single[0] == streamed[0] == StatusCode.PERMISSION_DENIED
    managed = stub.ManagedSubscribe(
        iter([messages.ManagedFetchRequest(num_requested=1)]), metadata=metadata, timeout=30
    )
    assert refused(managed)[0] == StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("missing", ["accesstoken", "instanceurl", "tenantid"])
def test_a_missing_header_is_refused(subscriber: Subscriber, missing: str) -> None:
    left = tuple(one for one in subscriber.metadata if one[0] != missing)
    expected = (StatusCode.UNAUTHENTICATED, "service.auth.headers.invalid")
    request = messages.TopicRequest(topic_name=ALL)
    assert refused(lambda: subscriber.stub.GetTopic(request, metadata=left))[:2] == expected
    first = messages.FetchRequest(topic_name=ALL, num_requested=1)
    assert refused(subscriber.stub.Subscribe(iter([first]), metadata=left))[:2] == expected


@pytest.mark.parametrize("wrong", ["accesstoken", "tenantid"])
def test_a_wrong_token_or_tenant_is_refused(subscriber: Subscriber, wrong: str) -> None:
    given = (*(one for one in subscriber.metadata if one[0] != wrong), (wrong, "00D000000000000"))
    expected = (StatusCode.UNAUTHENTICATED, "service.auth.error")
    first = messages.FetchRequest(topic_name=ALL, num_requested=1)
    for call in (
        lambda: subscriber.stub.GetSchema(messages.SchemaRequest(schema_id="x"), metadata=given),
        lambda: list(subscriber.stub.Subscribe(iter([first]), metadata=given)),
        lambda: list(subscriber.stub.PublishStream(iter([]), metadata=given)),
    ):
        assert refused(call)[:2] == expected


def test_a_stream_ends_with_its_session() -> None:
    with start_in_thread(Options(events=EVERYTHING, keepalive_seconds=0.05)) as org:
        client, subscriber = Client(org), Subscriber(org)
        stream = subscriber.stream(1)
        stream.next()
        client.call("POST", "/__emulator__/sessions/expire")
        assert refused(stream.call)[:2] == (StatusCode.UNAUTHENTICATED, "service.auth.error")
        client.close()
        subscriber.close()


def test_stopping_the_org_ends_the_streams() -> None:
    with start_in_thread(Options(events=EVERYTHING, keepalive_seconds=0.05)) as org:
        subscriber = Subscriber(org)
        stream = subscriber.stream(1)
        stream.next()
    assert refused(stream.call)[0] in (StatusCode.UNAVAILABLE, StatusCode.CANCELLED)
    subscriber.close()


def test_two_orgs_keep_their_events_apart() -> None:
    options = Options(events=EVERYTHING)
    with start_in_thread(options) as one, start_in_thread(options) as other:
        clients = [Client(one), Client(other)]
        subscribers = [Subscriber(one), Subscriber(other)]
        for client, name in zip(clients, "AB", strict=True):
            client.create("Account", Name=name)
        assert [names(it.events(1)) for it in subscribers] == [["A"], ["B"]]
        for each in (*clients, *subscribers):
            each.close()


def test_a_stream_that_asks_for_nothing_more_is_closed() -> None:
    async def idle() -> list[int]:
        clock = SetClock()
        org = Org(Options(events=EVERYTHING), clock)
        server = pubsub_server(org, org.open_events(), Patience(idle_seconds=0.05))
        await server.start("127.0.0.1")
        account = org.object("Account")
        assert account
        with org.transaction():
            org.records(account).create({"Name": "A"})
        metadata = (
            ("accesstoken", org.sessions.open()),
            ("instanceurl", "x"),
            ("tenantid", org.org_id),
        )
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call = services.PubSubStub(channel).Subscribe(metadata=metadata, timeout=30)
            first = messages.FetchRequest(topic_name=ALL, replay_preset=EARLIEST, num_requested=1)
            await call.write(first)
            sizes = [len(response.events) async for response in call]
        await server.stop()
        org.close()
        return sizes

    assert asyncio.run(idle()) == [1]
