"""A config as a mapping export, and the way there and back again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.describes import external_id, field

from connectsql.config.dump import dump
from connectsql.config.heroku import from_export
from connectsql.config.load import load
from connectsql.config.to_heroku import OWN_WORDS, export, losses
from connectsql.describe import snapshot

SHARED = Path(__file__).resolve().parents[4] / "shared"
REAL = sorted(SHARED.glob("data/exports/*.json"))
NEW: dict[str, Any] = {
    "version": 1,
    "connection": {
        "app_name": "shop", "name": "", "api_version": "48.0", "logplex_log_enabled": False,
        "exported_at": "2020-04-16T20:26:01+00:00", "organization_id": "00D1i000000gbzDEAQ",
        "features": {"poll_db_no_merge": True, "rest_count_only": False},
    },
    "mappings": [
        {
            "object_name": "Contact",
            "config": {
                "access": "read_write", "sf_notify_enabled": True, "sf_polling_seconds": 120,
                "sf_max_daily_api_calls": 3000, "applied_at": "2020-02-10T22:55:34.139884Z",
                "fields": {"LastName": {}, "Id": {}, "UUID__c": {}, "contact__r__Key__c": {}},
                "indexes": {"UUID__c": {"unique": True}, "Gone__c": {"unique": False}},
                "upsert_field": "UUID__c", "colour": {"of": ["red"]},
            },
        },
        {
            "object_name": "User",
            "config": {
                "access": "read_only", "sf_notify_enabled": False, "sf_polling_seconds": 600,
                "sf_max_daily_api_calls": 30000, "fields": {"Username": {}}, "upsert_field": "Key",
                "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
            },
        },
    ],
}  # fmt: skip
OLD = {
    "version": 1,
    "connection": {"features": {"poll_db_no_merge": False}, "api_version": "30.0"},
    "mappings": [
        {
            "object_name": "Lead",
            "config": {
                "access": "read_only", "sf_notify_enabled": False, "sf_polling_seconds": 600,
                "sf_max_daily_api_calls": 30000, "fields": {"Company": {}},
            },
        }
    ],
}  # fmt: skip


def there_and_back(given: Any, folder: Path) -> Any:
    """Import an export, write the config down, read that, and export it again."""
    path = folder / "export.json"
    path.write_text(json.dumps(given))
    config = folder / "connectsql.yaml"
    config.write_text(dump(from_export(path)[0]))
    loaded = load(config)
    names = {one.object: [field.name for field in one.fields] for one in loaded.mappings}
    return export(loaded, names)


def without_own_words(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: without_own_words(one) for key, one in given.items() if key not in OWN_WORDS}
    return [without_own_words(one) for one in given] if isinstance(given, list) else given


@pytest.mark.parametrize("given", [NEW, OLD], ids=["new", "old"])
def test_an_export_comes_back_as_it_was(given: Any, tmp_path: Path) -> None:
    assert there_and_back(given, tmp_path) == without_own_words(given)


@pytest.mark.skipif(not REAL, reason="the real exports are not beside this checkout")
@pytest.mark.parametrize("path", REAL or [Path()], ids=lambda path: path.stem)
def test_a_real_export_comes_back_as_it_was(path: Path, tmp_path: Path) -> None:
    given = json.loads(path.read_text())
    back = there_and_back(given, tmp_path)
    assert back == without_own_words(given)
    assert [list(one["config"]["fields"]) for one in back["mappings"]] == [
        list(one["config"]["fields"]) for one in given["mappings"]
    ]


def test_a_config_of_our_own_and_what_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "connectsql.yaml"
    path.write_text(
        """
connection: {name: shop, schema: odd, roles: {agent: sync}, retention: {log_hours: 48}}
mappings:
  - object: Account
    table: accounts
    access: read_write
    upsert_field: Ext__c
    poll_seconds: 30
    constraints: warn
    partitioned: true
    replicated: true
    fields: [Name, {field: Site, column: place}, Ext__c]
    indexes: [Name]
"""
    )
    config = load(path)
    assert export(config, {"Account": ["Name", "Site", "Ext__c"]}) == {
        "version": 1,
        "connection": {"name": "shop", "features": {"poll_db_no_merge": False}},
        "mappings": [
            {
                "object_name": "Account",
                "config": {
                    "access": "read_write", "sf_notify_enabled": False, "sf_polling_seconds": 120,
                    "sf_max_daily_api_calls": 30000, "upsert_field": "Ext__c",
                    "fields": {
                        "Name": {}, "Site": {}, "Ext__c": {}, "Id": {}, "SystemModstamp": {},
                    },
                    "indexes": {
                        "Id": {"unique": True}, "SystemModstamp": {"unique": False},
                        "Name": {"unique": False}, "Ext__c": {"unique": True},
                    },
                },
            }
        ],
    }  # fmt: skip
    assert [f"{one.place.line}: {one.message}" for one in losses(config)] == [
        "2: types: native becomes Heroku Connect's own types",
        "2: the schema odd is chosen in Heroku Connect",
        "2: roles are not in an export",
        "2: how long changes are kept is chosen in Heroku Connect",
        "5: Account: the table is not called accounts there",
        "12: Account: Site has its own name or access only here",
        "4: Account: the trigger log is always full there",
        "8: Account: 30 s is outside of 120 to 3600 s",
        "9: Account: constraints has no counterpart there",
        "10: Account: partitioned has no counterpart there",
        "11: Account: replicated has no counterpart there",
    ]


def test_the_command_prints_nothing_but_the_export(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(json.dumps(NEW))
    command = Command(tmp_path, {})
    command("init", "--from-heroku", "export.json").ok()
    finished = command("export-heroku").ok()
    assert json.loads(finished.out) == without_own_words(NEW)
    assert finished.out.splitlines()[1] == '    "version": 1,'


CONFIG = """
connection: {types: TYPES}
mappings:
  - object: account
    access: read_write
    upsert_field: ext__C
    fields: [name, NAMED, ext__c]
    indexes: [NAME]
"""


@pytest.mark.parametrize("types", ["native", "heroku"])
def test_the_describes_spell_what_was_not_imported(tmp_path: Path, types: str) -> None:
    """Heroku Connect itself always maps IsDeleted, and writes names as the org has them."""
    raw = {"name": "Account", "fields": [dict(one) for one in RAW_FIELDS]}
    snapshot.write(tmp_path / "describe", [raw])
    text = CONFIG.replace("TYPES", types).replace("NAMED", "parent__EXT__c")
    (tmp_path / "connectsql.yaml").write_text(text)
    told = json.loads(Command(tmp_path, {})("export-heroku").ok().out)
    [mapping] = told["mappings"]
    given = mapping["config"]
    if types == "heroku":
        assert (mapping["object_name"], given["upsert_field"]) == ("account", "ext__C")
        assert list(given["fields"]) == ["name", "parent__EXT__c", "ext__c", "Id", "SystemModstamp"]
        return
    assert (mapping["object_name"], given["upsert_field"]) == ("Account", "Ext__c")
    assert set(given["fields"]) == {
        "Name", "parent__EXT__c", "Ext__c", "Id", "SystemModstamp", "IsDeleted",
    }  # fmt: skip
    assert set(given["indexes"]) == {"Id", "SystemModstamp", "Name", "Ext__c"}


RAW_FIELDS = [
    field("Id", "id", length=18),
    field("IsDeleted", "boolean"),
    field("SystemModstamp", "datetime"),
    field("Name"),
    field("ParentId", "reference", referenceTo=["Account"], relationshipName="Parent"),
    external_id(),
]
