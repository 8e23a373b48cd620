"""The demo runs to its end, shows what it promises, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import requests


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "connectsql", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the demo makes its files, so that a test sees what is left of them.
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "160"},
    )


def test_the_tour(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        out, err = demo.communicate(timeout=300)
    assert demo.returncode == 0, err
    assert "5,000 accounts and 10,000 contacts" in out
    before, after = out.split("later, Salesforce's ids and computed fields are there")
    assert "Ada Lovelace" not in before
    assert "Ada Lovelace" in after
    assert "composite/sobjects/Account/ExternalId__c  200  1 record" in after
    assert "Technology" in after
    assert "INVALID_EMAIL_ADDRESS" in after
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_kept_until_it_is_interrupted(tmp_path: Path) -> None:
    with start(tmp_path, "--keep") as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        lines = iter(demo.stdout.readline, "")
        psql = next(line for line in lines if line.startswith("psql "))
        org = next(line for line in lines if line.startswith("org "))
        with psycopg.connect(psql.split('"')[1]) as sql:
            assert sql.execute("SELECT count(*) FROM salesforce.account").fetchone() == (5001,)
        url = org.split()[1]
        assert requests.get(f"{url}/services/data", timeout=10).status_code == 200
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0, demo.stderr.read()
        demo.stdout.read()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/services/data", timeout=10)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(psql.split('"')[1])
