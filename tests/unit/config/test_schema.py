"""The schema is a good contract: valid, closed, described, and documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from connectsql.config.load import load
from connectsql.config.model import Access, LogLevel, Types, WriteMode
from connectsql.resources import read_text

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ("config.schema.json", "heroku-export.schema.json")
PAGE = ROOT / "docs/reference/config.md"


def schema(name: str = SCHEMAS[0]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(read_text("schemas", name))
    return loaded


def groups(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every part of the schema that has properties."""
    if isinstance(part, dict):
        if "properties" in part:
            yield part
        for inner in part.values():
            yield from groups(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from groups(inner)


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_valid_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"].endswith("2020-12/schema")
    assert schema(name)["$id"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_described(name: str) -> None:
    for group in groups(schema(name)):
        for property_name, described in group["properties"].items():
            assert "description" in described or "$ref" in described, property_name


def test_no_group_is_open_and_optional_properties_state_their_default() -> None:
    derived = {"table", "upsert_field", "filter", "column", "agent", "constraints", "roles"}
    without = derived | {"env", "file", "command"}
    for group in groups(schema()):
        assert group["additionalProperties"] is False
        optional = group["properties"].keys() - set(group.get("required", ())) - without
        for name in optional:
            assert "default" in group["properties"][name], name


def test_the_words_of_the_schema_are_those_of_the_model() -> None:
    mapping = schema()["$defs"]["mapping"]["properties"]
    assert mapping["access"]["enum"] == list(Access)
    assert set(mapping["log"]["enum"]) == set(LogLevel)
    assert mapping["writes"]["enum"] == list(WriteMode)
    connection = schema()["properties"]["connection"]["properties"]
    assert set(connection["types"]["enum"]) == set(Types)


def test_every_property_is_documented_with_its_default() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    documented = {row.split("`")[1]: row for row in rows}
    described = {
        name: one for group in groups(schema()) for name, one in group["properties"].items()
    }
    assert set(documented) == set(described)
    for name, one in described.items():
        if isinstance(default := one.get("default"), str | int) and default is not False:
            assert f"`{json.dumps(default).strip(chr(34))}`" in documented[name].replace('"', "")


def test_the_examples_of_the_page_load(tmp_path: Path) -> None:
    blocks = PAGE.read_text().split("```yaml\n")[1:]
    assert blocks
    for block in blocks:
        text = block.split("```")[0]
        (tmp_path / "c.yaml").write_text(text)
        load(tmp_path / "c.yaml")
        Draft202012Validator(schema()).validate(yaml.safe_load(text))
