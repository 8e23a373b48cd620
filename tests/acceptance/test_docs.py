"""The README and the how-tos do what they say: their commands are run as they stand there."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
import yaml

from connectsql import embedded, emulator

ROOT = Path(__file__).resolve().parents[2]
EMULATOR = ROOT / "docs/how-to/test-with-the-emulator.md"
COMMANDS = str(Path(sys.executable).parent)
PLACEHOLDERS = ("yourorg", "=...", "postgresql://...")
TOO_LONG_FOR_HERE = ("make demo",)  # tests/acceptance/test_demo.py runs it


@pytest.fixture
def org() -> Iterator[emulator.RunningOrg]:
    seeds = {"Account": 3, "Contact": 5}
    with emulator.start_in_thread(emulator.Options(seed_records=seeds)) as running:
        yield running


@pytest.fixture
def environment(org: emulator.RunningOrg, database: str) -> dict[str, str]:
    return {
        "PATH": f"{COMMANDS}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "DATABASE_URL": database,
        "SALESFORCE_INSTANCE_URL": org.url,
        "SALESFORCE_CLIENT_ID": org.client_id,
        "SALESFORCE_CLIENT_SECRET": org.client_secret,
    }


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    """Return the commands of a console block that can be run here."""
    lines = [line[2:] for line in text.splitlines() if line.startswith("$ ")]
    return [
        line
        for line in lines
        if not any(word in line for word in PLACEHOLDERS) and line not in TOO_LONG_FOR_HERE
    ]


def run(lines: list[str], folder: Path, environment: dict[str, str]) -> None:
    # A line that fails leaves its script's background jobs behind, with our pipes in their hands.
    script = "\n".join(["set -euo pipefail -m", "trap 'kill $(jobs -p) 2>&- || :' EXIT", *lines])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr


def test_the_readmes_first_example(
    tmp_path: Path, environment: dict[str, str], org: emulator.RunningOrg, database: str
) -> None:
    readme = ROOT / "README.md"
    (tmp_path / "connectsql.yaml").write_text(blocks(readme, "yaml")[0])
    apply, agent = (
        line.partition("#")[0].strip() for line in commands(blocks(readme, "console")[0])
    )
    run(["connectsql describe", apply], tmp_path, environment)
    writes, query = blocks(readme, "sql")[0].split("COMMIT;\n")
    with (
        psycopg.connect(database, autocommit=True) as sql,
        subprocess.Popen([*agent.split()], cwd=tmp_path, env=environment) as process,
    ):
        sql.execute(f"{writes}COMMIT;".encode())
        answer = requests.get(
            f"{org.url}/__emulator__/calls",
            params={"since": 0, "wait": 60, "path": "query.*FROM.Contact.WHERE.Id"},
            timeout=90,
        )
        process.terminate()
        assert process.wait(60) == 0
        assert answer.json()["calls"]
        cursor = sql.execute(query.strip().rstrip(";").encode() + b" WHERE externalid__c = 'con-1'")
        [row] = cursor.fetchall()
    printed = readme.read_text().split("\n```\n        sfid")[1].splitlines()
    assert [column.name for column in cursor.description or ()] == [
        name.strip() for name in ("sfid" + printed[0]).split("|")
    ]
    shown = [value.strip() for value in printed[2].split("|")]
    assert [len(value) for value in row] == [len(value) for value in shown]
    assert (row[1], row[3]) == (shown[1], shown[3])


def test_the_readmes_commands(tmp_path: Path, environment: dict[str, str]) -> None:
    console = blocks(ROOT / "README.md", "console")
    run(commands(console[2]), tmp_path, environment)
    assert (tmp_path / "schema.sql").stat().st_size > 1000


def test_installing_changing_and_undoing(
    tmp_path: Path, environment: dict[str, str], database: str
) -> None:
    page = (ROOT / "docs/how-to/install-and-change.md").read_text()
    programs = embedded.binaries()[0].bin_dir  # psql is among them
    environment["PATH"] += f":{programs}"
    steps = re.findall(r"^```(yaml|console|sql)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "connectsql.yaml").write_text(steps[0][1])
    run(["connectsql describe"], tmp_path, environment)
    with psycopg.connect(database, autocommit=True) as session:
        for language, text in steps:
            if language == "yaml":
                (tmp_path / "connectsql.yaml").write_text(text)
            elif language == "console":
                run(commands(text), tmp_path, environment)
            else:
                session.execute(text.encode())
        assert session.execute("SELECT to_regnamespace('connectsql')").fetchone() == (None,)
        session.execute("DROP OWNED BY shop_app, shop_report")
        session.execute("DROP ROLE shop_app, shop_report")


def test_moving_from_heroku_connect(
    tmp_path: Path, environment: dict[str, str], database: str
) -> None:
    (tmp_path / "export.json").write_text(json.dumps(EXPORT))
    left_behind = (ROOT / "tests/support/heroku_connect.sql").read_text()
    with psycopg.connect(database) as session:
        session.execute(left_behind.replace("{hstore}", "heroku_ext").encode())
    page = ROOT / "docs/how-to/move-from-heroku-connect.md"
    run(
        [line for text in blocks(page, "console") for line in commands(text)], tmp_path, environment
    )
    with psycopg.connect(database) as sql:
        assert sql.execute("SELECT count(*) FROM salesforce.account").fetchone() == (3,)


def test_testing_with_the_emulator(
    tmp_path: Path, environment: dict[str, str], database: str
) -> None:
    (tmp_path / "connectsql.yaml").write_text(blocks(ROOT / "README.md", "yaml")[0])
    run(["connectsql describe"], tmp_path, environment)
    for name in [name for name in environment if name.startswith("SALESFORCE_")]:
        del environment[name]
    page = tmp_path / "page.md"
    page.write_text(EMULATOR.read_text().replace("8123", str(free_port())))
    (tmp_path / "faults.json").write_text(blocks(page, "json")[0])
    hooks, test = blocks(page, "python")
    (tmp_path / "hooks.py").write_text(hooks)
    lines = [line for text in blocks(page, "console") for line in commands(text)]
    run(lines, tmp_path, environment)
    with psycopg.connect(database) as sql:
        assert sql.execute("SELECT count(*) FROM salesforce.account").fetchone() == (100,)
    (tmp_path / "test_it.py").write_text(test)
    run([f"{sys.executable} -m pytest -q test_it.py"], tmp_path, environment)


def test_the_job_of_a_users_ci(tmp_path: Path, environment: dict[str, str], database: str) -> None:
    (tmp_path / "connectsql.yaml").write_text(blocks(ROOT / "README.md", "yaml")[0])
    run(["connectsql describe"], tmp_path, environment)
    text = blocks(EMULATOR, "yaml")[0].replace("8123", str(free_port()))
    job = yaml.safe_load(text)["jobs"]["test"]
    lines = [job["steps"][-1]["run"], "kill %1; wait %1"]
    run(lines, tmp_path, environment | job["env"] | {"DATABASE_URL": database})
    with psycopg.connect(database) as sql:
        assert sql.execute("SELECT count(*) FROM salesforce.account").fetchone() == (100,)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


EXPORT = {
    "version": 1,
    "mappings": [
        {
            "object_name": "Account",
            "config": {
                "access": "read_write",
                "sf_notify_enabled": False,
                "sf_polling_seconds": 600,
                "sf_max_daily_api_calls": 30000,
                "upsert_field": "ExternalId__c",
                "fields": {
                    "Id": {}, "SystemModstamp": {}, "IsDeleted": {}, "CreatedDate": {}, "Name": {},
                    "ExternalId__c": {},
                },
                "indexes": {
                    "Id": {"unique": True}, "SystemModstamp": {"unique": False},
                    "ExternalId__c": {"unique": True},
                },
            },
        }
    ],
}  # fmt: skip
