"""A config without faults becomes the model, defaults and places included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectsql.config.load import load
from connectsql.config.model import (
    Access,
    Config,
    Index,
    Login,
    LogLevel,
    Reference,
    Types,
    WriteMode,
)
from connectsql.errors import Place, UsageError

EVERYTHING = """
    version: 1
    connection:
      name: demo
      schema: Odd "Name"
      api_version: "60.0"
      types: heroku
      login:
        instance_url: https://example.my.salesforce.com
        access_token: {file: token.txt}
        client_id: {env: ID}
      lookback_seconds: 60
      lease_seconds: 10
    mappings:
      - object: Account
        table: accounts
        access: read_write
        upsert_field: externalid__c
        fields: [Name, ExternalId__c, Parent__ExternalId__c]
        indexes: [Name, {field: ExternalId__c, unique: true}]
        log: full
        writes: ordered
        poll_seconds: 5
"""
ConfigOf = Callable[[str], Config]


def test_every_property_is_read(config_of: ConfigOf) -> None:
    config = config_of(EVERYTHING)
    assert (config.name, config.schema, config.api_version) == ("demo", 'Odd "Name"', "60.0")
    assert (config.types, config.lookback_seconds, config.lease_seconds) == (Types.HEROKU, 60, 10)
    assert config.login == Login(
        instance_url=Reference(kind="literal", name="https://example.my.salesforce.com"),
        access_token=Reference(kind="file", name="token.txt"),
        client_id=Reference(kind="env", name="ID"),
    )
    [mapping] = config.mappings
    assert (mapping.object, mapping.table) == ("Account", "accounts")
    assert (mapping.access, mapping.upsert_field) == (Access.READ_WRITE, "externalid__c")
    names = [field.name for field in mapping.fields]
    assert names == ["Name", "ExternalId__c", "Parent__ExternalId__c"]
    assert (mapping.log, mapping.writes) == (LogLevel.FULL, WriteMode.ORDERED)
    assert mapping.poll_seconds == 5


def test_every_value_knows_its_line(config_of: ConfigOf) -> None:
    config = config_of(EVERYTHING)
    [mapping] = config.mappings
    place = Place(file=config.file, line=18)
    assert [field.place for field in mapping.fields] == [place] * 3
    assert mapping.indexes[1] == Index(
        field="ExternalId__c", unique=True, place=Place(file=config.file, line=19)
    )
    assert (mapping.place.line, mapping.places["writes"].line) == (14, 21)
    assert config.login.access_token.place == Place(file=config.file, line=9)
    assert config.places["schema"].line == 4


def test_what_is_left_out_has_defaults(config_of: ConfigOf) -> None:
    config = config_of("mappings: [{object: Invoice__c, fields: [Name]}]")
    assert (config.name, config.schema, config.api_version) == ("connectsql", "salesforce", "62.0")
    assert (config.types, config.lookback_seconds, config.lease_seconds) == (Types.NATIVE, 300, 30)
    assert config.login == Login()
    [mapping] = config.mappings
    assert (mapping.table, mapping.access) == ("invoice__c", Access.READ_ONLY)
    assert (mapping.log, mapping.writes) == (LogLevel.CHANGES, WriteMode.MERGED)
    assert (mapping.upsert_field, mapping.indexes, mapping.poll_seconds) == (None, (), 120)


@pytest.mark.parametrize("version", ['"62.0"', "62.0", "62"])
def test_an_api_version_may_be_a_number(config_of: ConfigOf, version: str) -> None:
    config = config_of(
        f"connection: {{api_version: {version}}}\nmappings: [{{object: A, fields: [B]}}]"
    )
    assert config.api_version == "62.0"


def test_json_is_read_with_tabs_and_escapes(config_of: ConfigOf) -> None:
    config = config_of(
        '{\n\t"connection": {"name": "caf\\u00e9 \\ud83d\\ude00"},'
        '\n\t"mappings":\t[{"object":"Account","fields":["Name"]}]\n}'
    )
    assert config.name == "café 😀"
    assert config.mappings[0].place.line == 3


def test_anchors_of_sane_size_are_read(config_of: ConfigOf) -> None:
    config = config_of("""
        mappings:
          - {object: A, fields: &common [Name, OwnerId]}
          - {object: B, fields: *common}
    """)
    assert [len(mapping.fields) for mapping in config.mappings] == [2, 2]


def test_http_is_read_for_this_machine(config_of: ConfigOf) -> None:
    for host in ("localhost:8080", "127.0.0.1:8080", "[::1]:8080"):
        config = config_of(
            f'connection: {{login: {{instance_url: "http://{host}"}}}}\n'
            "mappings: [{object: A, fields: [B]}]"
        )
        assert config.login.instance_url.name == f"http://{host}"


def test_a_missing_file_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "connectsql.yaml")
    assert caught.value.message == f"{tmp_path}/connectsql.yaml does not exist"
    assert caught.value.hint == "write a first config with: connectsql init"


def test_a_folder_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert caught.value.message == f"{tmp_path} cannot be read: Is a directory"
