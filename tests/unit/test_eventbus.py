"""The wire format of the Pub/Sub API, against documented examples and Avro's own reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from support.subscriber import decoded, named
from support.subscriber import messages as stubs

from connectsql.eventbus import bitmap, messages
from connectsql.eventbus.bitmap import Positions
from connectsql.eventbus.encoding import Circumstances, Encoder, Header
from connectsql.eventbus.schema import (
    EventField,
    RecordType,
    change_event_name,
    event_schema,
)

_PERSON = RecordType(name="PersonName", fields=(("FirstName", "string"), ("Age", "double")))
_FIELDS = (
    EventField(name="Text", types=("string",), doc="Data:Text"),
    EventField(name="Count", types=("int",), doc="Data:Integer"),
    EventField(name="At", types=("long",), doc="Data:DateTime"),
    EventField(name="Amount", types=("double",), doc="Data:Currency"),
    EventField(name="Flag", types=("boolean",), doc="Data:Boolean"),
    EventField(name="Person", types=(_PERSON,), doc="Data:PersonName"),
    EventField(name="Name", types=("string", _PERSON), doc="Data:Switchable_PersonName"),
)
_ABOUT = Circumstances(
    origin="com/salesforce/api/rest/60.0;client=x",
    transaction_key="0001ade9-3f74-0b99-dbc4-42e73424b774",
    timestamp=1712693965000,
    number=1082985383811,
    user_id="0055f000005mc66AAA",
)
_WORDS = some.text(some.characters(exclude_categories=["Cs"]))
_PEOPLE = some.fixed_dictionaries(
    {}, optional={"FirstName": _WORDS, "Age": some.floats(allow_nan=False)}
)
_BODIES = some.fixed_dictionaries(
    {},
    optional={
        "Text": _WORDS,
        "Count": some.integers(-(2**31), 2**31 - 1),
        "At": some.integers(-(2**63), 2**63 - 1),
        "Amount": some.floats(allow_nan=False),
        "Flag": some.booleans(),
        "Person": _PEOPLE,
        "Name": _WORDS | _PEOPLE,
    },
)


def test_the_documented_bitmaps() -> None:
    assert bitmap.encode(Positions(frozenset({11, 22}))) == ["0x400800"]
    nested = Positions(
        frozenset({5, 6, 7, 10, 24, 26, 29, 30}), {4: frozenset({4}), 7: frozenset({1, 2})}
    )
    assert bitmap.encode(nested) == ["0x650004E0", "4-0x10", "7-0x06"]
    assert bitmap.decode(["0x650004E0", "4-0x10", "7-0x06"]) == nested


def test_nothing_has_no_bitmap_and_parts_alone_have_an_empty_one() -> None:
    assert bitmap.encode(Positions()) == []
    assert bitmap.encode(Positions(nested={3: frozenset({0})})) == ["0x00", "3-0x01"]
    assert bitmap.decode([]) == bitmap.decode(["0x"]) == bitmap.decode(["0x00"]) == Positions()
    for text in ("x", "0xZZ", "a-0x01"):
        with pytest.raises(ValueError, match="invalid literal"):
            bitmap.decode([text])


@given(
    some.frozensets(some.integers(0, 300)),
    some.dictionaries(some.integers(0, 300), some.frozensets(some.integers(0, 20), min_size=1)),
)
def test_bitmaps_come_back_as_they_were(
    whole: frozenset[int], nested: dict[int, frozenset[int]]
) -> None:
    positions = Positions(whole, nested)
    assert bitmap.decode(bitmap.encode(positions)) == positions


@given(_BODIES)
def test_events_are_what_avro_reads(body: dict[str, Any]) -> None:
    header = Header(
        entity="Thing__c",
        record_ids=["a" * 18, "b"],
        kind="GAP_UNDELETE",
        sequence=300,
        nulled=["0x02"],
        changed=["0x06", "3-0x01"],
    )
    schema = event_schema("Thing__c", _FIELDS)
    event = decoded(schema.json, Encoder(_FIELDS).encode(header, _ABOUT, body))
    assert event.pop("ChangeEventHeader") == {
        "entityName": "Thing__c",
        "recordIds": ["a" * 18, "b"],
        "changeType": "GAP_UNDELETE",
        "changeOrigin": "com/salesforce/api/rest/60.0;client=x",
        "transactionKey": "0001ade9-3f74-0b99-dbc4-42e73424b774",
        "sequenceNumber": 300,
        "commitTimestamp": 1712693965000,
        "commitNumber": 1082985383811,
        "commitUser": "0055f000005mc66AAA",
        "nulledFields": ["0x02"],
        "diffFields": [],
        "changedFields": ["0x06", "3-0x01"],
    }
    empty = {"FirstName": None, "Age": None}
    assert set(event) == {field.name for field in _FIELDS}
    for name, value in event.items():
        wanted = body.get(name)
        assert value == (empty | wanted if isinstance(wanted, dict) else wanted)


def test_a_schema_tells_a_compound_type_once_and_has_an_id_of_its_own() -> None:
    schema = event_schema("Thing__c", _FIELDS)
    tree = json.loads(schema.json)
    assert (tree["name"], tree["namespace"]) == ("Thing__ChangeEvent", "com.sforce.eventbus")
    fields = {one["name"]: one for one in tree["fields"]}
    assert next(iter(fields)) == "ChangeEventHeader"
    assert fields["Person"]["type"][1]["name"] == "PersonName"
    assert fields["Name"]["type"] == ["null", "string", "PersonName"]
    assert fields["At"] == {
        "name": "At",
        "type": ["null", "long"],
        "doc": "Data:DateTime",
        "default": None,
    }
    assert len(schema.id) == 22
    assert event_schema("Thing__c", _FIELDS) == schema
    assert event_schema("Thing__c", _FIELDS[1:]).id != schema.id
    assert named(schema.json, ["0x02", "6-0x02"]) == {"Text", "Person.Age"}


def test_events_are_called_after_their_objects() -> None:
    assert change_event_name("Account") == "AccountChangeEvent"
    assert change_event_name("My_Car__c") == "My_Car__ChangeEvent"
    assert change_event_name("ns__My_Car__c") == "ns__My_Car__ChangeEvent"


def test_messages_are_those_of_generated_stubs() -> None:
    event = {"id": "i", "schema_id": "s", "payload": b"p", "headers": [{"key": "k", "value": b"v"}]}
    examples: dict[str, dict[str, Any]] = {
        "TopicRequest": {"topic_name": "t"},
        "TopicInfo": {
            "topic_name": "t",
            "tenant_guid": "g",
            "can_publish": True,
            "can_subscribe": True,
            "schema_id": "s",
            "rpc_id": "r",
        },
        "SchemaRequest": {"schema_id": "s"},
        "SchemaInfo": {"schema_json": "j", "schema_id": "s", "rpc_id": "r"},
        "FetchRequest": {
            "topic_name": "t",
            "replay_preset": 2,
            "replay_id": b"1",
            "num_requested": 100,
            "auth_refresh": "a",
        },
        "FetchResponse": {
            "events": [{"event": event, "replay_id": b"2"}] * 2,
            "latest_replay_id": b"3",
            "rpc_id": "r",
            "pending_num_requested": 7,
        },
    }
    for name, fields in examples.items():
        ours, theirs = getattr(messages, name)(**fields), getattr(stubs, name)(**fields)
        assert ours.SerializeToString() == theirs.SerializeToString()
    assert messages.method("Subscribe") == "/eventbus.v1.PubSub/Subscribe"
    presets = stubs.ReplayPreset
    assert [presets.Value(name) for name in ("LATEST", "EARLIEST", "CUSTOM")] == [
        messages.LATEST,
        messages.EARLIEST,
        messages.CUSTOM,
    ]
