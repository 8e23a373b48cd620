"""Starting, stopping, keeping the data, and refusing to start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread
from connectsql.errors import EmulatorError

from .conftest import Client

SCRIPT = """
from pathlib import Path
from connectsql.emulator import Options, run
run(Options(data=Path(%r), seed_records={"Account": 3}))
"""


def started(file: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    command = [sys.executable, "-c", SCRIPT % str(file)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout
    return process, json.loads(process.stdout.readline())


def accounts(told: dict[str, Any]) -> list[dict[str, Any]]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {told['access_token']}"
        query = {"q": "SELECT FIELDS(ALL) FROM Account LIMIT 200"}
        url = f"{told['url']}/services/data/v60.0/query"
        records: list[dict[str, Any]] = session.get(url, params=query, timeout=30).json()["records"]
        return records


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_process_says_where_it_is_and_ends_when_told_to(tmp_path: Path, sign: int) -> None:
    process, told = started(tmp_path / "org.db")
    assert set(told) == {
        "url",
        "access_token",
        "client_id",
        "client_secret",
        "username",
        "password",
        "security_token",
        "refresh_token",
    }
    assert told["url"].startswith("http://127.0.0.1:")
    with requests.Session() as kept_alive:
        assert kept_alive.get(f"{told['url']}/services/data", timeout=30).status_code == 200
        process.send_signal(sign)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert "Traceback" not in err
    assert "GET /services/data -> 200 in" in err


def test_the_log_shows_no_secrets_and_no_queries(tmp_path: Path) -> None:
    process, told = started(tmp_path / "org.db")
    with requests.Session() as session:
        for query in (f"access_token={told['access_token']}", "q=SELECT+Id+FROM+Account"):
            session.get(f"{told['url']}/services/data/v60.0/query?{query}", timeout=30)
        form = {"grant_type": "client_credentials", "client_id": told["client_id"]}
        form |= {"client_secret": told["client_secret"]}
        session.post(f"{told['url']}/services/oauth2/token", data=form, timeout=30)
        process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=30)[1]
    lines = [line.split(" INFO ")[1].split(" in ")[0] for line in err.splitlines()]
    assert lines == [
        "GET /services/data/v60.0/query -> 401",
        "GET /services/data/v60.0/query -> 401",
        "POST /services/oauth2/token -> 200",
    ]


def test_records_survive_a_killed_process(tmp_path: Path) -> None:
    process, told = started(tmp_path / "org.db")
    before = accounts(told)
    process.kill()
    process.communicate()
    with start_in_thread(Options(data=tmp_path / "org.db", seed_records={"Account": 9})) as org:
        client = Client(org)
        assert accounts(org.as_json()) == before
        assert len(before) == 3
        newest = client.create("Account", Name="next")
        assert newest > before[-1]["Id"]
        assert len(client.query("SELECT Id FROM User")) == 1
        client.close()


def test_a_described_field_that_came_later_is_added(tmp_path: Path) -> None:
    raw: dict[str, Any] = {
        "name": "Thing__c",
        "fields": [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string"}],
    }
    raw["fields"][1]["createable"] = True
    (tmp_path / "d").mkdir()
    path = tmp_path / "d" / "thing.json"
    path.write_text(json.dumps(raw))
    options = Options(describe=tmp_path / "d", data=tmp_path / "org.db")
    with start_in_thread(options) as org:
        client = Client(org)
        client.create("Thing__c", Name="x")
        client.close()
    raw["fields"].append({"name": "Size__c", "type": "double", "createable": True})
    path.write_text(json.dumps(raw))
    with start_in_thread(options) as org:
        client = Client(org)
        (thing,) = client.query("SELECT Name, Size__c FROM Thing__c")
        assert (thing["Name"], thing["Size__c"]) == ("x", None)
        client.close()


def test_stopping_twice_is_no_harm_and_frees_the_port() -> None:
    org = start_in_thread()
    port = int(org.url.rsplit(":", 1)[1])
    org.stop()
    org.stop()
    with start_in_thread(Options(port=port)) as again:
        assert again.url == org.url


def test_stopping_ends_those_who_wait() -> None:
    org = start_in_thread(Options(latency_ms=60_000))
    with ThreadPoolExecutor() as pool:
        waits = [f"{org.url}/__emulator__/calls?wait=60", f"{org.url}/services/data"]
        waiting = [pool.submit(requests.get, url, timeout=30) for url in waits]
        requests.get(f"{org.url}/__emulator__/calls", timeout=30)
        org.stop()
        for one in waiting:
            assert one.exception() or one.result().status_code == 200


def test_every_answer_can_be_delayed() -> None:
    with start_in_thread(Options(latency_ms=30)) as org:
        client = Client(org)
        client.get("limits")
        (call,) = client.call("GET", "/__emulator__/calls").json()["calls"]
        assert call["ms"] >= 30
        client.close()


def refused(options: Options) -> tuple[str, str]:
    with pytest.raises(EmulatorError) as caught:
        start_in_thread(options)
    return caught.value.message, caught.value.hint


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        message, hint = refused(Options(port=taken.getsockname()[1]))
    assert "cannot be used" in message
    assert "another port" in hint
    assert "port 70000" in refused(Options(port=70000))[0]


def test_bad_describes_are_refused(tmp_path: Path) -> None:
    assert "no folder" in refused(Options(describe=tmp_path / "missing"))[0]
    assert "is a describe" in refused(Options(describe=tmp_path))[0]
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert str(broken) in refused(Options(describe=tmp_path))[0]
    broken.write_text('{"name": "X", "fields": [{"name": "Id"}]}')
    assert "no name or no type" in refused(Options(describe=tmp_path))[0]
    broken.write_text('{"name": "X", "fields": []}')
    assert "no field Id" in refused(Options(describe=tmp_path))[0]
    good = '{"name": "X", "fields": [{"name": "Id", "type": "id"}]}'
    broken.write_text(good)
    (tmp_path / "twin.json").write_text(good)
    assert "both describe X" in refused(Options(describe=tmp_path))[0]


def test_unknown_objects_and_bad_data_files_are_refused(tmp_path: Path) -> None:
    message, hint = refused(Options(seed_records={"Foo": 1}))
    assert "Foo" in message
    assert "Account, Case, Contact" in hint
    assert "cannot be opened" in refused(Options(data=tmp_path / "no" / "org.db"))[0]
    (tmp_path / "text.db").write_text("this is no database, however one looks at it" * 99)
    assert "cannot be used" in refused(Options(data=tmp_path / "text.db"))[0]


def test_a_fault_plan_is_read_at_the_start(tmp_path: Path) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text('{"seed": 3, "faults": [{"action": "session_expired", "nth": 1}]}')
    with start_in_thread(Options(faults=plan)) as org:
        client = Client(org)
        assert client.get("limits").status_code == 401
        client.close()


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("[", "makes no sense"),
        ('"x"', "a list of faults"),
        ('[{"action": "explode"}]', "one of lose_answer"),
        ('[{"action": "delay"}]', "needs ms"),
        ('[{"action": "delay", "ms": "long"}]', "ms is a number"),
        ('[{"action": "refuse", "object": 1}]', "object is text"),
        ('[{"action": "refuse", "met": 1}]', "has no met"),
        ('[{"action": []}]', "one of lose_answer"),
        ('[{"action": "refuse"}, {"action": "refuse", "nht": 1}]', "fault 2: a fault has no nht"),
        ('[{"action": "refuse", "every": 0}]', "every is a whole number of at least 1"),
        ('[{"action": "refuse", "nth": 1.5}]', "nth is a whole number of at least 1"),
        ('[{"action": "refuse", "part": "no"}]', "part is true or false"),
        ('[{"action": "refuse", "probability": 30}]', "probability is a number from 0 to 1"),
        ('[{"action": "refuse", "path": "("}]', "path is a regular expression"),
        ('{"seed": [], "faults": []}', "seed is a whole number"),
        ('{"sed": 1, "faults": []}', "has no sed"),
        (
            '[{"action": "error", "status": 99, "errorCode": "X", "message": ""}]',
            "status from 200 to 599",
        ),
        ('[{"action": "quota_spent", "quota": "x"}]', "one of total, concurrent"),
    ],
)
def test_a_fault_plan_that_makes_no_sense_is_refused(tmp_path: Path, plan: str, told: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(plan)
    message = refused(Options(faults=file))[0]
    assert str(file) in message
    assert told in message


def test_a_fault_plan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(Options(faults=tmp_path / "none.json"))[0]
