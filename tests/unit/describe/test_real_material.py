"""Real describes and real Heroku Connect exports, where they lie beside the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectsql.config.dump import dump
from connectsql.config.heroku import from_export
from connectsql.config.load import load
from connectsql.config.model import Config
from connectsql.describe import snapshot
from connectsql.describe.model import Field, Org, SObject
from connectsql.describe.relationships import Unresolved, resolve
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError

SHARED = Path(__file__).resolve().parents[4] / "shared"
EXPORTS = sorted(SHARED.glob("data/exports/*.json"))
DESCRIBES = sorted(
    path for path in SHARED.glob("data/describe/*.json") if "Global" not in path.name
)
COMPOUND = {"address", "location", "base64", "complexvalue"}

pytestmark = pytest.mark.skipif(
    not EXPORTS, reason="the real exports and describes are not beside this checkout"
)


@pytest.mark.parametrize("path", DESCRIBES, ids=lambda path: path.stem)
def test_a_real_describe_survives_being_written(path: Path, tmp_path: Path) -> None:
    raw = json.loads(path.read_text())
    [written] = snapshot.write(tmp_path, [raw])
    before, after = snapshot.load_file(path), snapshot.load_file(written)
    assert after == before
    assert written.stat().st_size < path.stat().st_size


@pytest.mark.parametrize("path", DESCRIBES, ids=lambda path: path.stem)
def test_every_field_has_a_type_unless_it_is_compound(path: Path) -> None:
    for field in snapshot.load_file(path).fields:
        for types in ("heroku", "native"):
            if field.type in COMPOUND:
                with pytest.raises(DescribeError):
                    column_type(field, types)
            else:
                assert column_type(field, types)


def test_the_components_named_instead_exist() -> None:
    for path in DESCRIBES:
        sobject = snapshot.load_file(path)
        for field in sobject.fields:
            if field.type in ("address", "location"):
                with pytest.raises(DescribeError) as caught:
                    column_type(field, "native")
                parts = caught.value.hint.removeprefix("map its components instead: ")
                assert all(sobject.field(part) for part in parts.split(", ")), path.name


def test_the_list_of_all_objects_is_told_apart() -> None:
    with pytest.raises(DescribeError, match="the list of all objects"):
        snapshot.load_file(SHARED / "data/describe/cumulusci-Global.json")


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_every_field_of_an_export_gets_a_column(path: Path, tmp_path: Path) -> None:
    tool = SHARED / "tools/org_for_export"
    subprocess.run([sys.executable, tool, path, tmp_path / "org"], check=True, capture_output=True)
    config, _ = from_export(path)
    org = snapshot.load(tmp_path / "org")
    assert list(_without_column(config, org)) == []


def _without_column(config: Config, org: Org) -> Iterator[str]:
    for mapping in config.mappings:
        sobject = org.object(mapping.object)
        assert sobject is not None
        for name in [one.name for one in mapping.fields]:
            field = _column(org, sobject, name)
            if isinstance(field, str) or not column_type(field, config.types):
                yield f"{mapping.object}.{name}: {field}"


def _column(org: Org, sobject: SObject, name: str) -> Field | str:
    if field := sobject.field(name):
        return field
    found = resolve(org, sobject, name)
    return found.reason if isinstance(found, Unresolved) else found.external_id


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_an_imported_config_can_be_dumped_and_loaded(path: Path, tmp_path: Path) -> None:
    config, _ = from_export(path)
    (tmp_path / "c.yaml").write_text(dump(config))
    again = load(tmp_path / "c.yaml")
    assert dump(again) == dump(config)
    raw = json.loads(path.read_text())
    for mapping, given in zip(again.mappings, raw["mappings"], strict=True):
        assert [one.name for one in mapping.fields] == list(given["config"]["fields"])
        assert mapping.upsert_field == given["config"].get("upsert_field")
        assert mapping.access == given["config"]["access"]
        assert mapping.poll_seconds == given["config"]["sf_polling_seconds"]
