"""Orgs for real Heroku Connect exports: every object can be filled, read and written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

SHARED = Path(__file__).resolve().parents[4] / "shared"
TOOL = SHARED / "tools" / "org_for_export"
EXPORTS = sorted((SHARED / "data" / "exports").glob("*.json"))

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="needs the shared real exports")


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: path.stem)
def test_an_org_for_an_export(export: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, TOOL, export, tmp_path], check=True, capture_output=True)
    names = [json.loads(path.read_text())["name"] for path in tmp_path.glob("*.json")]
    counts = dict.fromkeys(names, 50)
    with start_in_thread(Options(describe=tmp_path, seed_records=counts)) as org:
        client = Client(org)
        for name in names:
            records = client.query(f"SELECT FIELDS(ALL) FROM {name} LIMIT 200")
            assert len(records) == 50 + (name == "User")
            _write(client, name, records[-1])
        client.close()


def _write(client: Client, name: str, like: dict[str, Any]) -> None:
    """Create a record like a seeded one, change all it has, and delete it."""
    described = client.get(f"sobjects/{name}/describe").json()
    fields = [one for one in described["fields"] if one["createable"] and like[one["name"]]]
    given = {one["name"]: _new_if_unique(one, like[one["name"]]) for one in fields}
    record_id = client.create(name, **given)
    stored = client.get(f"sobjects/{name}/{record_id}").json()
    assert {key: stored[key] for key in given} == given
    change = {one["name"]: given[one["name"]] for one in fields if one["updateable"]}
    (result,) = client.collection(
        "PATCH", "", [{"attributes": {"type": name}, "id": record_id, **change}]
    )
    assert result["success"], result
    gone = client.call("DELETE", f"sobjects/{name}/{record_id}")
    assert gone.status_code == (204 if described["deletable"] else 400)


def _new_if_unique(field: dict[str, Any], value: Any) -> Any:
    return value[::-1] if field["unique"] and isinstance(value, str) else value
