"""What a data file may be, and who may use it: one emulator, and only what an emulator wrote."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from connectsql.emulator import Automation, Options, start_in_thread
from connectsql.errors import EmulatorError

from .bulk import until
from .conftest import Client


def refusal(options: Options) -> str:
    with pytest.raises(EmulatorError) as caught:
        start_in_thread(options)
    return f"{caught.value.message}. {caught.value.hint}"


def written(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_a_second_emulator_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.db")
    with start_in_thread(options) as org:
        told = refusal(options)
        assert "is in use" in told
        assert "Only one emulator" in told
        client = Client(org)
        client.create("Account", Name="still here")
        client.close()
    with start_in_thread(options) as org:
        client = Client(org)
        assert [one["Name"] for one in client.query("SELECT Name FROM Account")] == ["still here"]
        client.close()


def test_a_file_that_failed_to_start_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "org.db"
    misfit = Automation()
    misfit.formula("Account", "NoSuchField", "1 + 1")
    assert "NoSuchField" in refusal(Options(data=file, automation=misfit))
    assert "Nothing" in refusal(Options(data=file, seed_records={"Nothing": 1}))
    start_in_thread(Options(data=file)).stop()


def test_another_programs_file_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    written(file, "CREATE TABLE mine (x)", "INSERT INTO mine VALUES (1)")
    before = file.read_bytes()
    assert "another program wrote it" in refusal(Options(data=file))
    assert file.read_bytes() == before


def test_a_file_written_before_files_were_marked_is_taken(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.db", seed_records={"Account": 3})
    start_in_thread(options).stop()
    written(tmp_path / "org.db", "PRAGMA application_id=0")
    with start_in_thread(options) as org:
        client = Client(org)
        assert len(client.query("SELECT Id FROM Account")) == 3
        client.close()


@pytest.mark.parametrize("raw", ["{no json", '{"a": 1}', "[]"])
def test_a_damaged_describe_is_told(tmp_path: Path, raw: str) -> None:
    file = tmp_path / "org.db"
    start_in_thread(Options(data=file)).stop()
    written(file, f"INSERT INTO _describe VALUES ('Account', '{raw}')")
    assert "cannot be used" in refusal(Options(data=file))


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "org.db"
    start_in_thread(Options(data=file, seed_records={"Account": 100})).stop()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert "malformed" in refusal(Options(data=file))


SMALL_DISK = """
import resource, signal, sys
from pathlib import Path
import requests
from connectsql.emulator import Options, start_in_thread

def post(path, body):
    headers = {"Authorization": f"Bearer {org.access_token}"}
    return requests.post(f"{org.url}/services/data/v60.0/{path}", json=body, headers=headers)

def count():
    headers = {"Authorization": f"Bearer {org.access_token}"}
    query = {"q": "SELECT count() FROM Account"}
    url = f"{org.url}/services/data/v60.0/query"
    return requests.get(url, params=query, headers=headers).json()["totalSize"]

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with start_in_thread(Options(data=Path(sys.argv[1]))) as org:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
    records = [
        {"attributes": {"type": "Account"}, "Name": "x", "Description": "y" * 10_000}
        for _ in range(200)
    ]
    saved = 0
    while (answered := post("composite/sobjects", {"records": records})).status_code == 200:
        saved += 200
    (error,) = answered.json()
    assert answered.status_code == 500 and "data file" in error["message"], answered.text
    assert count() == saved, (count(), saved)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    assert post("composite/sobjects", {"records": records}).status_code == 200
    assert count() == saved + 200
"""


def test_a_full_disk_refuses_what_it_cannot_hold_and_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(tmp_path / "org.db")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    start_in_thread(Options(data=tmp_path / "org.db")).stop()


def test_a_disk_too_small_to_begin_with_is_told(tmp_path: Path) -> None:
    def keep_small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))

    command = [sys.executable, "-m", "connectsql", "emulator", "--seed-records", "Account=20000"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "org.db")],
        preexec_fn=keep_small,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the data file ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_an_org_that_is_being_filled_can_be_stopped_and_has_nothing(
    tmp_path: Path, sign: int
) -> None:
    file = tmp_path / "org.db"
    command = [sys.executable, "-m", "connectsql", "emulator", "--data", str(file)]
    process = subprocess.Popen(
        [*command, "--seed-records", "Account=400000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wal = tmp_path / "org.db-wal"
    until(lambda: wal.exists() and wal.stat().st_size > 2_000_000)
    process.send_signal(sign)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    with start_in_thread(Options(data=file)) as org:
        client = Client(org)
        assert client.query("SELECT Id FROM Account") == []
        client.close()
