from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectsql.config.heroku import from_export
from connectsql.config.model import Access, LogLevel, Types, WriteMode
from connectsql.errors import ConfigError, ConnectsqlError, UsageError

Write = Callable[..., Path]

NEW = """
    {
      "version": 1,
      "connection": {
        "app_name": "app", "name": "", "api_version": "48.0", "logplex_log_enabled": false,
        "features": {"poll_db_no_merge": true, "poll_external_ids": false}
      },
      "mappings": [
        {
          "object_name": "Contact",
          "config": {
            "access": "read_write",
            "sf_notify_enabled": false,
            "sf_polling_seconds": 600,
            "sf_max_daily_api_calls": 30000,
            "applied_at": "2020-02-10T22:55:34.139884Z",
            "fields": {"LastName": {}, "Id": {}, "UUID__c": {}, "contact__r__Key__c": {}},
            "indexes": {"Id": {"unique": true}, "SystemModstamp": {"unique": false},
                        "UUID__c": {"unique": true}, "LastName": {"unique": false}},
            "upsert_field": "UUID__c"
          }
        }
      ]
    }
"""


def mapping(**config: Any) -> dict[str, Any]:
    given = {"access": "read_only", "fields": {"Id": {}, "Name": {}}, **config}
    return {"object_name": given.pop("object_name", "Account"), "config": given}


def export(*mappings: Any, **more: Any) -> str:
    return json.dumps({"version": 1, "mappings": list(mappings), **more}, indent=1)


def faults(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        from_export(path)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_an_export_becomes_a_config(write: Write) -> None:
    config, warnings = from_export(write(NEW, "e.json"))
    assert warnings == []
    assert (config.name, config.api_version, config.types) == ("app", "48.0", Types.HEROKU)
    [contact] = config.mappings
    assert (contact.object, contact.table) == ("Contact", "contact")
    assert (contact.access, contact.upsert_field) == (Access.READ_WRITE, "UUID__c")
    assert (contact.log, contact.writes) == (LogLevel.FULL, WriteMode.ORDERED)
    assert contact.poll_seconds == 600
    names = [field.name for field in contact.fields]
    assert names == ["LastName", "Id", "UUID__c", "contact__r__Key__c"]
    assert {field.place.line for field in contact.fields} == {16}
    indexes = [(index.field, index.unique, index.place.line) for index in contact.indexes]
    assert indexes == [("UUID__c", True, 18), ("LastName", False, 18)]


def test_an_old_export_without_connection_and_indexes(write: Write) -> None:
    config, warnings = from_export(write(export(mapping()), "e.json"))
    assert warnings == []
    assert (config.name, config.api_version) == ("connectsql", "62.0")
    assert (config.mappings[0].writes, config.mappings[0].indexes) == (WriteMode.ORDERED, ())
    assert config.mappings[0].poll_seconds == 600


def test_merged_writes(write: Write) -> None:
    text = export(mapping(), connection={"features": {"poll_db_no_merge": False}})
    config, warnings = from_export(write(text, "e.json"))
    assert warnings == []
    assert config.mappings[0].writes is WriteMode.MERGED


def test_all_that_has_no_counterpart_is_told(write: Write) -> None:
    text = export(
        mapping(access="read_write", sf_notify_enabled=True, sf_polling_seconds=120),
        mapping(object_name="Lead", sf_notify_enabled=True, upsert_field="Name", colour="red"),
        mapping(object_name="Case", indexes={"Key__c": {"unique": True}}),
        mapping(object_name="Task", sf_max_daily_api_calls=3000),
        connection={"api_version": "29.0", "features": {"poll_external_ids": True}},
    )
    path = write(text, "e.json")
    config, warnings = from_export(path)
    assert config.api_version == "46.0"
    assert config.mappings[1].upsert_field is None
    assert config.mappings[2].indexes == ()
    assert "\n".join(map(str, warnings)).replace(f"{path.parent}/", "").splitlines() == [
        "e.json:7: Account is read_write without a unique identifier (upsert_field): an insert "
        "whose answer is lost cannot simply be sent again",
        "    set upsert_field to a field that is External ID and Unique in Salesforce; until then "
        "such a row is looked up first, and parked where that is not certain",
        "e.json:12: accelerated polling is not available yet: Account, Lead polled every 120 or "
        "600 s",
        "    set a smaller poll_seconds where that is too slow",
        "e.json:25: the upsert_field of Lead has no use and is left out: it is read_only",
        "e.json:26: colour of Lead is not known: kept for export-heroku",
        "e.json:38: the index on Key__c is left out: the field is not mapped",
        "    map Key__c, or forget the index",
        "e.json:52: sf_max_daily_api_calls limits nothing here, only in export-heroku: Task",
        "e.json:57: API version 29.0 is too old: the config asks for 46.0",
        "    a later api_version is best",
        "e.json:59: the feature poll_external_ids has no counterpart: kept for export-heroku",
    ]


def test_what_no_config_has_a_place_for_is_told_when_it_is_left_out(write: Write) -> None:
    config = '{"access": "read_only", "fields": {"Id": {}, "Name": {"rename": "x"}}}'
    text = f"""{{"version": 1, "extra": {{"a": 1}},
        "mappings": [{{"object_name": "Lead", "more": 1, "config": {config}}}]}}"""
    _, warnings = from_export(write(text, "e.json"))
    assert [one.message for one in warnings] == [
        "extra of the export is not known: left out",
        "more of the mapping of Lead is not known: left out",
        "rename of Name is not known: left out",
    ]


NO_EXPORTS = {
    "names that are none": (
        '{"version": 1, "mappings": [{"object_name": "Lead", "config": {"access": "read_only",\n'
        '"fields": {"Id": {}, "La st": {}, "Owner.Name": {}}}}]}',
        'e.json:2: fields holds "La st", which is no API name\n'
        "    an API name is letters, digits and _, and begins with a letter\n"
        'e.json:2: fields holds "Owner.Name", which is no API name\n'
        "    a parent's external id is written Account__ExternalId__c",
    ),
    "not JSON": (
        '{"version": 1,\n "mappings": [,]}',
        "e.json:2: not valid JSON: expecting value",
    ),
    "empty": ("", "e.json: the file is empty\n    make one with: heroku connect:export"),
    "too deep": (
        "[" * 100_000,
        "e.json:1: not valid JSON: nested too deeply or a number too long",
    ),
    "something else": (
        "{}",
        "e.json:1: this is not a Heroku Connect export: no mappings\n"
        "    make one with: heroku connect:export",
    ),
    "a list": (
        "[5]",
        "e.json:1: this is not a Heroku Connect export: no mappings\n"
        "    make one with: heroku connect:export",
    ),
    "our own config": (
        '{"version": 1, "mappings": [{"object": "Account", "fields": ["Name"]}]}',
        "e.json:1: this is a connectsql config, not a Heroku Connect export",
    ),
    "unknown version": (
        '{\n"version": 2, "mappings": [{"object_name": "A", "config": '
        '{"access": "read_only", "fields": {"Id": {}}}}]}',
        "e.json:2: version must be 1, not the number 2\n    this connectsql reads version 1",
    ),
    "parts missing": (
        '{"mappings": [\n{"object_name": "A"},\n{"config": {"fields": {}}},\n5]}',
        "e.json:1: the export has no version\n"
        "e.json:2: the mapping of A has no config\n"
        "e.json:3: mapping 2 has no object_name\n"
        "e.json:3: config has no access\n"
        "e.json:3: fields is empty\n"
        "e.json:4: mapping 3 must be a group of properties, not the number 5",
    ),
    "wrong values": (
        '{"version": 1, "mappings": [{"object_name": "A", "config": {"access": "rw",\n'
        '"fields": ["Id"],\n"sf_polling_seconds": "600",\n"indexes": {"Id": {"unique": 1}}}}]}',
        'e.json:1: access must be read_only or read_write, not "rw"\n'
        "e.json:2: fields must be a group of properties, not a list\n"
        'e.json:3: sf_polling_seconds must be a whole number, not "600"\n'
        "e.json:4: unique must be true or false, not the number 1",
    ),
    "a name of another kind": (
        '{"version": 1, "connection": {"name": 5},\n"mappings": []}',
        "e.json:1: name must be text, not the number 5\n"
        '    put it in quotes if that is the name: "5"\n'
        "e.json:2: mappings is empty",
    ),
    "one object twice": (
        export(mapping(), mapping(object_name="ACCOUNT")),
        "e.json:15: ACCOUNT is mapped twice, first in line 5\n"
        "    put all its fields into one mapping; an object has one table",
    ),
    "one field twice": (
        export(mapping(fields={"Name": {}, "NAME": {}})),
        "e.json:10: NAME is listed twice, first in line 9\n    remove one; case does not count",
    ),
    "upsert_field not mapped": (
        export(mapping(access="read_write", upsert_field="UUID__c")),
        "e.json:12: the upsert_field UUID__c needs a field that is not mapped\n"
        "    add UUID__c to fields",
    ),
}


@pytest.mark.parametrize("case", NO_EXPORTS)
def test_a_file_that_is_no_export(case: str, write: Write) -> None:
    content, expected = NO_EXPORTS[case]
    assert faults(write(content.encode(), "e.json")) == expected


def test_a_missing_export(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        from_export(tmp_path / "e.json")
    assert caught.value.hint == "make one with: heroku connect:export"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
CONFIG = st.dictionaries(
    st.sampled_from(
        ["access", "fields", "indexes", "upsert_field", "sf_polling_seconds", "sf_notify_enabled"]
    ),
    VALUES | st.sampled_from(["read_only", {"Id": {}}, {"Id": {"unique": True}}]),
)
MAPPING = st.fixed_dictionaries(
    {}, optional={"object_name": VALUES | st.just("Account"), "config": VALUES | CONFIG}
)
CONNECTION = st.dictionaries(st.sampled_from(["name", "api_version", "features"]), VALUES)


@given(
    st.fixed_dictionaries(
        {"version": VALUES | st.just(1), "mappings": VALUES | st.lists(MAPPING, max_size=2)},
        optional={"connection": VALUES | CONNECTION},
    )
)
@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_no_values_make_importing_fail_in_any_other_way(write: Write, data: object) -> None:
    path = write(json.dumps(data).encode(), "e.json")
    with suppress(ConnectsqlError):
        from_export(path)
