"""Singer's tap-salesforce, which loads warehouses, discovers and syncs an org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.installed import TAP, needs, rerouted, run

_LEADS = 2_100  # more than one page

pytestmark = needs(TAP)


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    with start_in_thread(Options(seed_records={"Account": 20, "Lead": _LEADS})) as running:
        yield running


class Tap:
    """The tap, set up for an org."""

    def __init__(self, org: RunningOrg, api: str, folder: Path) -> None:
        self._folder = folder
        self._environment = rerouted(org)
        self._config = self._file(
            "config.json",
            {
                "refresh_token": Options().refresh_token,
                "client_id": org.client_id,
                "client_secret": org.client_secret,
                "start_date": "2000-01-01T00:00:00Z",
                "api_type": api,
                "select_fields_by_default": True,
            },
        )

    def discover(self, *selected: str) -> dict[str, Any]:
        """Return the catalog, with some streams selected for an incremental sync."""
        catalog: dict[str, Any] = json.loads(self._run("--discover"))
        for stream in catalog["streams"]:
            (whole,) = (one["metadata"] for one in stream["metadata"] if not one["breadcrumb"])
            whole["selected"] = stream["stream"] in selected
            whole["replication-key"] = whole["valid-replication-keys"][0]
            whole["replication-method"] = "INCREMENTAL"
        return catalog

    def sync(self, catalog: dict[str, Any], state: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the messages of a sync."""
        properties = self._file("catalog.json", catalog)
        told = self._run("--properties", properties, "--state", self._file("state.json", state))
        return [json.loads(line) for line in told.splitlines()]

    def _file(self, name: str, content: Any) -> str:
        path = self._folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def _run(self, *arguments: str) -> str:
        line = [str(TAP), "--config", self._config, *arguments]
        done = run(line, env=self._environment)
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout


def records(messages: list[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    return [
        one["record"] for one in messages if one["type"] == "RECORD" and one["stream"] == stream
    ]


@pytest.mark.parametrize("api", ["REST", "BULK"])
def test_discovering_and_syncing(org: RunningOrg, api: str, tmp_path: Path) -> None:
    tap = Tap(org, api, tmp_path)
    catalog = tap.discover("Account", "Lead")
    messages = tap.sync(catalog, {})
    assert len({one["Id"] for one in records(messages, "Lead")}) == _LEADS
    assert len(records(messages, "Account")) == 20
    assert {type(one["IsDeleted"]) for one in records(messages, "Lead")} == {bool}

    state = [one["value"] for one in messages if one["type"] == "STATE"][-1]
    headers = {"Authorization": f"Bearer {org.access_token}"}
    body = {"LastName": f"new for {api}", "Company": 'a "quoted"\nname, long'}
    url = f"{org.url}/services/data/v60.0/sobjects/Lead"
    assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 201
    changed = records(tap.sync(catalog, state), "Lead")
    assert body["LastName"] in {one["LastName"] for one in changed}
    assert body["Company"] in {one["Company"] for one in changed}
    assert len(changed) < 20
