"""The ``sf`` command line works with an org as with any other, in a home of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.installed import SF, needs, run

_QUIET = (
    "SF_DISABLE_TELEMETRY",
    "SF_AUTOUPDATE_DISABLE",
    "SF_DISABLE_AUTOUPDATE",  # the one that the updater itself asks for
    "SF_SKIP_NEW_VERSION_CHECK",
    "SF_DISABLE_LOG_FILE",
    "SF_USE_GENERIC_UNIX_KEYCHAIN",
)
_KEPT = ("LANG", "TMPDIR")

pytestmark = needs(SF)


class CommandLine:
    """``sf``, logged in to an org."""

    def __init__(self, org: RunningOrg, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **dict.fromkeys(_QUIET, "true"),
            "HOME": str(folder),
            "PATH": f"{SF.parent}{os.pathsep}{os.environ['PATH']}",
            "SF_ACCESS_TOKEN": org.access_token,
        }
        self("org login access-token --no-prompt --set-default --instance-url", org.url)

    def run(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a command: words, then what may hold spaces."""
        line = [str(SF), *command.split(), *more]
        return run(line, env=self._environment, cwd=self.folder)

    def text(self, command: str, *more: str) -> str:
        """Return what a command prints that has to succeed."""
        done = self.run(command, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def __call__(self, command: str, *more: str) -> Any:
        """Return the result of a command that has to succeed."""
        return json.loads(self.text(command, *more, "--json"))["result"]

    def refused(self, command: str, *more: str) -> Any:
        """Return what a command says that has to fail."""
        done = self.run(command, *more, "--json")
        assert done.returncode != 0, done.stdout
        return json.loads(done.stdout)

    def write(self, name: str, *lines: str) -> str:
        """Write a file of lines and return its name."""
        (self.folder / name).write_text("\n".join(lines) + "\n")
        return name


@pytest.fixture(scope="module")
def sf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    with start_in_thread(Options(seed_records={"Lead": 2_100})) as org:
        yield CommandLine(org, tmp_path_factory.mktemp("home"))


def test_a_record(sf: CommandLine) -> None:
    values = "Name='Édouard & Co' Phone=7 ExternalId__c=sf-1"
    created = sf("data create record -s Account -v", values)
    where = ("-s", "Account", "-w", "ExternalId__c=sf-1")
    assert sf("data update record", *where, "-v", "Phone=8")["success"] is True
    got = sf("data get record", *where)
    assert (got["Id"], got["Name"], got["Phone"]) == (created["id"], "Édouard & Co", "8")
    assert sf("data delete record", *where)["id"] == created["id"]
    refused = sf.refused("data get record -s Account -i", created["id"])
    assert refused["name"] == "NOT_FOUND"


def test_what_only_reads(sf: CommandLine) -> None:
    soql = "SELECT LastName, Company, Owner.Name FROM Lead ORDER BY LastName, Id"
    commands = {
        "display": lambda: sf("org display"),
        "query": lambda: sf("data query -q", soql),
        "csv": lambda: sf.text("data query -r csv -q", f"{soql} LIMIT 3"),
        "count": lambda: sf(
            "data query -q", "SELECT COUNT(Id) n, Status FROM Lead GROUP BY Status"
        ),
        "limits": lambda: sf("org list limits"),
        "objects": lambda: sf("sobject list"),
        "described": lambda: sf("sobject describe -s Contact"),
        "malformed": lambda: sf.refused("data query -q", "SELECT Nothing__c FROM Account"),
    }
    with ThreadPoolExecutor(2) as pool:
        running = {name: pool.submit(command) for name, command in commands.items()}
    told: dict[str, Any] = {name: one.result() for name, one in running.items()}
    assert told["display"]["connectedStatus"] == "Connected"
    assert (told["query"]["totalSize"], len(told["query"]["records"])) == (2_100, 2_100)
    rows = list(csv.DictReader(told["csv"].splitlines()))
    first = told["query"]["records"][:3]
    assert [one["LastName"] for one in rows] == [one["LastName"] for one in first]
    assert {one["Owner.Name"] for one in rows} == {"Integration User"}
    assert sum(one["n"] for one in told["count"]["records"]) == 2_100
    assert "DailyApiRequests" in {one["name"] for one in told["limits"]}
    assert {"Account", "Lead"} <= set(told["objects"])
    assert {"Id", "AccountId"} <= {one["name"] for one in told["described"]["fields"]}
    assert told["malformed"]["name"] == "INVALID_FIELD"


def test_bulk(sf: CommandLine) -> None:
    load = ("-s", "Account", "--wait", "1", "--line-ending", "LF", "-f")
    rows = sf.write("insert.csv", "Name,ExternalId__c", "Bulk 1,bk-1", "Bulk 2,bk-2")
    assert sf("data import bulk", *load, rows)["successfulRecords"] == 2
    rows = sf.write("upsert.csv", "Name,ExternalId__c", "Bulk 1,bk-1", "Bulk 3,bk-3")
    upserted = sf("data upsert bulk -i ExternalId__c", *load, rows)["records"]
    created = {one["ExternalId__c"]: one["sf__Created"] for one in upserted["successfulResults"]}
    assert created == {"bk-1": "false", "bk-3": "true"}
    soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk%' ORDER BY Name"
    exported = sf("data export bulk --wait 1 --output-file out.csv -q", soql)
    assert exported["totalSize"] == 3
    with (sf.folder / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [one["Name"] for one in found] == ["Bulk 1", "Bulk 2", "Bulk 3"]
    ids = [one["Id"] for one in found]
    rows = sf.write("update.csv", "Id,Phone", *(f"{one},9" for one in ids))
    assert sf("data update bulk", *load, rows)["successfulRecords"] == 3
    rows = sf.write("delete.csv", "Id", *ids)
    assert len(sf("data delete bulk", *load, rows)["records"]["successfulResults"]) == 3
    assert sf.refused("data delete bulk", *load, rows)["name"] == "FailedRecordDetailsError"


def test_a_tree(sf: CommandLine) -> None:
    tree = {
        "attributes": {"type": "Account", "referenceId": "A1"},
        "Name": "Root",
        "Contacts": {
            "records": [
                {"attributes": {"type": "Contact", "referenceId": "C1"}, "LastName": "Leaf"}
            ]
        },
    }
    rows = sf.write("tree.json", json.dumps({"records": [tree]}))
    imported = sf("data import tree -f", rows)
    assert [(one["refId"], one["type"]) for one in imported] == [
        ("A1", "Account"),
        ("C1", "Contact"),
    ]
    soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Root'"
    sf("data export tree --output-dir tree -q", soql)
    (file,) = (sf.folder / "tree").glob("*.json")
    (exported,) = json.loads(file.read_text())["records"]
    assert exported["Name"] == "Root"
    assert [one["LastName"] for one in exported["Contacts"]["records"]] == ["Leaf"]
