"""A subscriber made with grpcio's own tools sees the changes that another client makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce import Salesforce

from .support.https import rerouted_session
from .support.installed import run

_HERE = Path(__file__).parent / "pubsub"
_PROTO = Path(__file__).parents[2] / "support"
_NAMED = {"Sforce-Call-Options": "client=warehouse"}


@pytest.fixture
def org() -> Iterator[dict[str, Any]]:
    """What an emulator with events says of itself; it runs as a process of its own."""
    line = [sys.executable, "-m", "connectsql", "emulator", "--events", "*"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            assert process.wait(30) == 0


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """A folder with the stubs that grpcio-tools generates."""
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{_PROTO}"]
    made = run(
        [*protoc, f"--python_out={tmp_path}", f"--grpc_python_out={tmp_path}", "pubsub.proto"]
    )
    assert made.returncode == 0, made.stderr
    return tmp_path


def follow(org: dict[str, Any], stubs: Path, topic: str, number: int) -> list[dict[str, Any]]:
    environment = os.environ | {"PYTHONPATH": str(stubs), "ORG": json.dumps(org)}
    done = run([sys.executable, str(_HERE / "follow.py"), topic, str(number)], env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_client_recognises_its_own_changes(org: dict[str, Any], stubs: Path) -> None:
    with rerouted_session(org["url"]) as session:
        salesforce = Salesforce(
            session_id=org["access_token"], instance_url=org["url"], session=session
        )
        mine = salesforce.Account.create({"Name": "mine"}, headers=_NAMED)["id"]
        salesforce.Account.update(mine, {"Phone": "7"})
        salesforce.Contact.create({"LastName": "other"})
        salesforce.Account.delete(mine, headers=_NAMED)
    told = follow(org, stubs, "/data/ChangeEvents", 4)
    headers = [one["ChangeEventHeader"] for one in told]
    assert [(one["entityName"], one["changeType"]) for one in headers] == [
        ("Account", "CREATE"),
        ("Account", "UPDATE"),
        ("Contact", "CREATE"),
        ("Account", "DELETE"),
    ]
    named = [one["changeOrigin"].endswith(";client=warehouse") for one in headers]
    assert named == [True, False, False, True]
    assert all(one["changeOrigin"].startswith("com/salesforce/api/rest/") for one in headers)
    assert headers[0]["recordIds"] == [mine]
    assert (told[0]["Name"], told[1]["Phone"]) == ("mine", "7")
    by_object = follow(org, stubs, "/data/ContactChangeEvent", 1)
    assert [one["ChangeEventHeader"] for one in by_object] == [headers[2]]
