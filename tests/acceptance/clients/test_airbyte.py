"""Airbyte's source connector checks, discovers and reads an org."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.installed import AIRBYTE, needs, rerouted, run

_ACCOUNTS = 200

pytestmark = needs(AIRBYTE)


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    """An org with accounts of today, one of them deleted."""
    with start_in_thread(Options()) as running:
        root = f"{running.url}/services/data/v60.0"
        headers = {"Authorization": f"Bearer {running.access_token}"}
        rows = [{"attributes": {"type": "Account"}, "Name": f"{n}, a \"name\"",
                 "AnnualRevenue": n / 4} for n in range(_ACCOUNTS)]  # fmt: skip
        body = {"records": rows}
        made = requests.post(f"{root}/composite/sobjects", json=body, headers=headers, timeout=30)
        first = made.json()[0]["id"]
        gone = requests.delete(f"{root}/sobjects/Account/{first}", headers=headers, timeout=30)
        assert gone.status_code == 204
        yield running


class Source:
    """The connector, set up for an org."""

    def __init__(self, org: RunningOrg, folder: Path, *, bulk: bool) -> None:
        self._folder = folder
        self._environment = rerouted(org)
        self._config = self._file(
            "config.json",
            {
                "client_id": org.client_id,
                "client_secret": org.client_secret,
                "refresh_token": Options().refresh_token,
                "start_date": f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}",
                "force_use_bulk_api": bulk,
            },
        )

    def messages(self, command: str, kind: str, **files: Any) -> list[dict[str, Any]]:
        """Return what a command says in messages of one kind."""
        line = [str(AIRBYTE), command, "--config", self._config]
        for name, content in files.items():
            line += [f"--{name}", self._file(f"{name}.json", content)]
        done = run(line, env=self._environment)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return [one for one in told if one["type"] == kind.upper()]

    def _file(self, name: str, content: Any) -> str:
        path = self._folder / name
        path.write_text(json.dumps(content))
        return str(path)


@pytest.mark.parametrize("bulk", [False, True], ids=["REST", "BULK"])
def test_discovering_and_reading(org: RunningOrg, bulk: bool, tmp_path: Path) -> None:
    source = Source(org, tmp_path, bulk=bulk)
    (discovered,) = source.messages("discover", "catalog")
    (stream,) = [one for one in discovered["catalog"]["streams"] if one["name"] == "Account"]
    assert stream["default_cursor_field"] == ["SystemModstamp"]
    wanted = {
        "stream": stream,
        "sync_mode": "incremental",
        "cursor_field": ["SystemModstamp"],
        "destination_sync_mode": "append",
    }
    told = source.messages("read", "record", catalog={"streams": [wanted]})
    accounts = {one["record"]["data"]["Name"]: one["record"]["data"] for one in told}
    assert len(told) == len(accounts) == _ACCOUNTS
    assert accounts['7, a "name"']["AnnualRevenue"] == 1.75
    assert [one["IsDeleted"] for one in accounts.values()].count(True) == 1


def test_checking(org: RunningOrg, tmp_path: Path) -> None:
    (told,) = Source(org, tmp_path, bulk=False).messages("check", "connection_status")
    assert told["connectionStatus"]["status"] == "SUCCEEDED"
