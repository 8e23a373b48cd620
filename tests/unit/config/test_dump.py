"""A dumped config reads well, is the same each time, and loads as the same config."""

from __future__ import annotations

import dataclasses
import tempfile
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectsql.config.dump import dump
from connectsql.config.load import load
from connectsql.config.model import (
    Access,
    Config,
    Index,
    Login,
    LogLevel,
    MappedField,
    Mapping,
    Reference,
    Retention,
    Types,
    WriteMode,
)
from connectsql.errors import ConnectsqlError, Place

NOWHERE = Place(file="")


def without_places(config: Config) -> Config:
    """Forget where everything stood."""
    mappings = tuple(
        dataclasses.replace(
            mapping,
            place=NOWHERE,
            fields=tuple(dataclasses.replace(one, place=NOWHERE) for one in mapping.fields),
            indexes=tuple(dataclasses.replace(one, place=NOWHERE) for one in mapping.indexes),
        )
        for mapping in config.mappings
    )
    return dataclasses.replace(config, file="", place=NOWHERE, mappings=mappings)


def reloaded(content: str | bytes) -> Config:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load(path)


def test_a_dump_is_made_to_be_read() -> None:
    text = textwrap.dedent("""\
        version: 1
        connection:
          name: "no"
          api_version: "60.0"
          login:
            instance_url: https://example.my.salesforce.com
            access_token: {file: token.txt}
        mappings:
          - object: Account
            access: read_write
            upsert_field: Key__c
            poll_seconds: 5
            fields:
              - Name
              - Key__c
            indexes:
              - Name
              - {field: Key__c, unique: true}

          - object: Contact
            table: people
            fields:
              - Name
        """)
    assert dump(reloaded(text)) == text


def test_defaults_are_left_out() -> None:
    text = "version: 1\nmappings:\n  - object: Account\n    fields:\n      - Name\n"
    assert dump(reloaded(text)) == text


@pytest.mark.parametrize("odd", ["\x85", "a\u2028b", "\ufeff", "a\n b\n", "\t", " a ", "e\u0301"])
def test_texts_with_odd_line_breaks_and_blanks_come_back(odd: str) -> None:
    text = "version: 1\nmappings:\n  - object: Account\n    fields:\n      - Name\n"
    [mapping] = reloaded(text).mappings
    config = dataclasses.replace(
        reloaded(text), mappings=(dataclasses.replace(mapping, filter=f"Name = '{odd}'"),)
    )
    again = reloaded(dump(config))
    assert again.mappings[0].filter == f"Name = '{odd}'"


API_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True).filter(
    lambda name: name.lower() not in ("id", "sfid", "systemmodstamp", "isdeleted")
)
TRICKY = st.sampled_from(["no", "1e3", "0120", "5:00", "null", "~", "a: b", "#x", "'", '"', "ü"])
NAMES = TRICKY | st.text(
    st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=15
).filter(str.isprintable)
TABLES = NAMES.filter(
    lambda name: not name.startswith("_") and len(name.encode()) <= 48 and "%" not in name
)
SCHEMAS = TABLES.filter(lambda name: not name.startswith(("pg_", "info", "connectsql")))
REFERENCES = st.builds(Reference, kind=st.just("env"), name=API_NAMES) | st.builds(
    Reference, kind=st.just("file"), name=NAMES
)
SECONDS = st.integers(1, 86400)


@st.composite
def mappings(draw: st.DrawFn, name: str, table: str) -> Mapping:
    fields = draw(st.lists(API_NAMES, min_size=1, max_size=5, unique_by=str.lower))
    indexed = draw(st.lists(st.sampled_from(fields), unique=True))
    access = draw(st.sampled_from(Access))
    log = draw(st.sampled_from(LogLevel))
    partitioned = draw(st.booleans())
    captured = access is Access.READ_WRITE or log is LogLevel.FULL
    keyed = access is Access.READ_WRITE and draw(st.booleans())
    return Mapping(
        object=name,
        table=table,
        access=access,
        fields=tuple(MappedField(name=one, place=NOWHERE) for one in fields),
        upsert_field=draw(st.sampled_from(fields)) if keyed else None,
        indexes=tuple(
            Index(field=one, unique=not partitioned and draw(st.booleans()), place=NOWHERE)
            for one in indexed
        ),
        log=log,
        writes=draw(st.sampled_from(WriteMode)),
        poll_seconds=draw(SECONDS),
        place=NOWHERE,
        partitioned=partitioned,
        replicated=captured and draw(st.booleans()),
        filter=draw(st.none() | st.text(min_size=1, max_size=20)),
    )


@st.composite
def configs(draw: st.DrawFn) -> Config:
    objects = draw(st.lists(API_NAMES, min_size=1, max_size=3, unique_by=str.lower))
    tables = draw(
        st.lists(TABLES, min_size=len(objects), max_size=len(objects), unique_by=str.lower)
    )
    urls = REFERENCES | st.just(Reference(kind="literal", name="https://a.example"))
    return Config(
        file="",
        name=draw(NAMES),
        schema=draw(SCHEMAS),
        api_version=draw(st.integers(46, 99).map(lambda number: f"{number}.0")),
        types=draw(st.sampled_from(Types)),
        login=draw(st.builds(Login, instance_url=urls, access_token=REFERENCES)),
        lookback_seconds=draw(st.integers(0, 86400)),
        lease_seconds=draw(SECONDS),
        mappings=tuple(draw(mappings(*pair)) for pair in zip(objects, tables, strict=True)),
        place=NOWHERE,
        retention=Retention(
            log_hours=draw(st.integers(1, 100)),
            archive_days=draw(st.integers(5, 3650)),
            values=draw(st.booleans()),
        ),
    )


@given(configs())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_loading_a_dump_gives_the_same_config(config: Config) -> None:
    text = dump(config)
    assert without_places(reloaded(text)) == config
    assert dump(reloaded(text)) == text


FRAGMENTS = st.sampled_from(
    [
        "mappings:", "\n  - ", "object: Account", "fields: [", "]", "{", "}", "Name", ", ", ": ",
        "\n", "\n    ", "\t", "&a ", "*a", "<<", "!!", "? ", "- ", "|", ">", "'", '"', "#", "%",
        "no", "1e3", "connection:", "login:", "access_token:", "version: 1", "---", "\\u",
        "indexes: [{field: ", "unique: ", "instance_url: ", "https://[", "\\UFFFFFFFF", "🙂",
    ]
)  # fmt: skip


@given(st.binary(max_size=60) | st.lists(FRAGMENTS, max_size=25).map("".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_makes_loading_fail_in_any_other_way(content: str | bytes) -> None:
    with suppress(ConnectsqlError):
        reloaded(content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
)
PROPERTIES = ["object", "table", "access", "upsert_field", "fields", "indexes", "log", "writes",
              "poll_seconds"]  # fmt: skip
CONNECTION = ["name", "schema", "api_version", "types", "login", "lookback_seconds"]
LOGIN = ["instance_url", "access_token", "env", "file"]


@given(
    st.fixed_dictionaries(
        {
            "mappings": VALUES
            | st.lists(st.dictionaries(st.sampled_from(PROPERTIES), VALUES), max_size=3)
        },
        optional={
            "connection": VALUES
            | st.dictionaries(
                st.sampled_from(CONNECTION),
                VALUES | st.dictionaries(st.sampled_from(LOGIN), VALUES),
            ),
            "version": VALUES,
        },
    )
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_values_make_loading_fail_in_any_other_way(data: object) -> None:
    with suppress(ConnectsqlError):
        reloaded(yaml.safe_dump(data, allow_unicode=True))
