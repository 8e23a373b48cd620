"""A subscriber of an org's Pub/Sub API, with stubs made from ``pubsub.proto``."""

from __future__ import annotations

import io
import json
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fastavro
import grpc
import pytest

from connectsql.emulator import RunningOrg

messages, services = grpc.protos_and_services("support/pubsub.proto")
LATEST, EARLIEST, CUSTOM = (
    messages.ReplayPreset.Value(name) for name in ("LATEST", "EARLIEST", "CUSTOM")
)
ALL = "/data/ChangeEvents"
_SECONDS = 30


def decoded(schema_json: str, payload: bytes) -> dict[str, Any]:
    """Return an event as Avro's own reader sees it; all of it has to be read."""
    source = io.BytesIO(payload)
    event = fastavro.schemaless_reader(source, json.loads(schema_json), None)
    assert source.read() == b""
    return dict(event)  # type: ignore[arg-type]


def named(schema_json: str, bitmaps: list[str]) -> set[str]:
    """Return the names that bitmaps stand for, read as the documentation says."""
    fields = json.loads(schema_json)["fields"]
    names: set[str] = set()
    for text in bitmaps:
        parent, separator, bits = text.rpartition("-")
        among = fields
        if separator:
            among = _record(json.loads(schema_json), fields[int(parent)]["type"])["fields"]
        prefix = f"{fields[int(parent)]['name']}." if separator else ""
        flags = reversed(bin(int(bits, 16))[2:])
        names |= {prefix + among[at]["name"] for at, flag in enumerate(flags) if flag == "1"}
    return names


def _record(schema: dict[str, Any], union: list[Any]) -> dict[str, Any]:
    """Return the record in a union; only its first use tells its fields."""
    wanted = next(one for one in reversed(union) if one != "null")
    if isinstance(wanted, dict):
        return wanted
    everything = (one for field in schema["fields"] for one in field["type"])
    return next(one for one in everything if isinstance(one, dict) and one["name"] == wanted)


@dataclass(frozen=True)
class Received:
    """An event as it was received: its body, its header, which fields it says changed."""

    body: dict[str, Any]
    header: dict[str, Any]
    changed: set[str]
    nulled: set[str]
    schema_id: str
    replay_id: bytes
    id: str

    @property
    def told(self) -> dict[str, Any]:
        """The fields that have a value."""
        return {name: value for name, value in self.body.items() if value is not None}

    @property
    def kind(self) -> str:
        """The changeType with the object."""
        return f"{self.header['changeType']} {self.header['entityName']}"


class Stream:
    """A subscription under way; ``ask`` requests more, ``next`` waits for a response."""

    def __init__(self, subscriber: Subscriber, first: Any) -> None:
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._requests.put(first)
        self._subscriber = subscriber
        self.call = subscriber.stub.Subscribe(
            iter(self._requests.get, None), metadata=subscriber.metadata, timeout=_SECONDS
        )

    def ask(self, number: int, **more: Any) -> None:
        """Request more events."""
        self._requests.put(messages.FetchRequest(num_requested=number, **more))

    def leave(self) -> None:
        """Request nothing any more."""
        self._requests.put(None)

    def next(self) -> Any:
        """Wait for the next response."""
        return next(self.call)

    def events(self, number: int) -> list[Received]:
        """Wait for so many events, whatever keepalives there are between."""
        found: list[Received] = []
        while len(found) < number:
            found += map(self._subscriber.read, self.next().events)
        return found


class Subscriber:
    """Subscribes to one org; to be closed."""

    def __init__(self, org: RunningOrg) -> None:
        assert org.pubsub
        self._channel = grpc.insecure_channel(org.pubsub)
        self._schemas: dict[str, str] = {}
        self.stub = services.PubSubStub(self._channel)
        tenant = org.access_token.partition("!")[0]  # a token begins with the org's id
        self.metadata: tuple[tuple[str, str], ...] = (
            ("accesstoken", org.access_token),
            ("instanceurl", org.url),
            ("tenantid", tenant),
        )

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def schema(self, schema_id: str) -> str:
        """Return the JSON of a schema."""
        if schema_id not in self._schemas:
            request = messages.SchemaRequest(schema_id=schema_id)
            found = self.stub.GetSchema(request, metadata=self.metadata, timeout=_SECONDS)
            assert found.schema_id == schema_id
            self._schemas[schema_id] = found.schema_json
        return self._schemas[schema_id]

    def topic(self, name: str) -> Any:
        """Return what the org tells of a topic."""
        request = messages.TopicRequest(topic_name=name)
        return self.stub.GetTopic(request, metadata=self.metadata, timeout=_SECONDS)

    def stream(self, number: int, topic: str = ALL, **more: Any) -> Stream:
        """Subscribe."""
        first = messages.FetchRequest(topic_name=topic, num_requested=number, **more)
        return Stream(self, first)

    def events(self, number: int, topic: str = ALL, **more: Any) -> list[Received]:
        """Subscribe from the beginning, or as told, for so many events and no more."""
        more.setdefault("replay_preset", EARLIEST)
        stream = self.stream(min(number, 100), topic, **more)
        for start in range(100, number, 100):
            stream.ask(min(100, number - start))
        stream.leave()
        return [self.read(event) for response in stream.call for event in response.events]

    def read(self, event: Any) -> Received:
        """Decode an event."""
        schema = self.schema(event.event.schema_id)
        body = decoded(schema, event.event.payload)
        header = body.pop("ChangeEventHeader")
        return Received(
            body=body,
            header=header,
            changed=named(schema, header["changedFields"]),
            nulled=named(schema, header["nulledFields"]),
            schema_id=event.event.schema_id,
            replay_id=event.replay_id,
            id=event.event.id,
        )


def refused(call: Any) -> tuple[grpc.StatusCode, str, str]:
    """Make a call or go on with one; return its status, its code and its message."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if isinstance(call, Iterator) else call()
    error: Any = caught.value
    trailers = dict(error.trailing_metadata())
    message, _, rpc_id = error.details().partition(" rpcId: ")
    assert rpc_id == trailers.get("rpc-id", "")
    code = str(trailers.get("error-code", ""))
    return error.code(), code.removeprefix("sfdc.platform.eventbus.grpc."), message
