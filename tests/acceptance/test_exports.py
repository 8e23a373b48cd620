"""Every Heroku Connect export goes the whole way: from its import to changes in each direction.

``pytest -s`` prints what each of them has.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from support.command import Command
from support.somebody import Somebody, login, served, somebody
from support.walk import Walk, Written, changeable

from connectsql.compiler.model import Table
from connectsql.emulator import Options, start_in_thread

SHARED = Path(__file__).resolve().parents[3] / "shared"
EXPORTS = sorted(SHARED.glob("data/exports/*.json"))
SEEDED = 3

OURS = {
    "version": 1,
    "connection": {"app_name": "ours", "features": {"poll_db_no_merge": False}},
    "mappings": [
        {
            "object_name": name,
            "config": {
                "access": "read_write",
                "fields": {one: {} for one in fields},
                "indexes": {"Id": {"unique": True}, "SystemModstamp": {"unique": False}},
                "sf_max_daily_api_calls": 30000,
                "sf_polling_seconds": 60,
                "upsert_field": "ExternalId__c",
            },
        }
        for name, fields in {
            "Account": ["Id", "Name", "AnnualRevenue", "ExternalId__c", "SystemModstamp"],
            "Contact": ["Id", "LastName", "Account__ExternalId__c", "ExternalId__c"],
        }.items()
    ],
}


def test_an_export_of_our_own_by_processes_alone(database: str, tmp_path: Path) -> None:
    export = tmp_path / "export.json"
    export.write_text(json.dumps(OURS))
    objects = ["Account", "Contact"]
    with served(tmp_path, *_seeding(objects)) as org:
        raws = [org.call("GET", f"sobjects/{name}/describe") for name in objects]
        _keep(tmp_path / "org", raws)
        command = Command(tmp_path, {"DATABASE_URL": database, **login(org.url)})
        with psycopg.connect(database, autocommit=True) as rows:
            _go(Walk(command.run, org, rows, tmp_path), export)


@pytest.mark.skipif(not EXPORTS, reason="the real exports are not beside this checkout")
@pytest.mark.parametrize("export", EXPORTS or [Path()], ids=lambda path: path.stem)
def test_a_real_export(export: Path, database: str, tmp_path: Path) -> None:
    make = [sys.executable, SHARED / "tools/org_for_export", export, tmp_path / "org"]
    subprocess.run(make, check=True, capture_output=True)
    with _org(tmp_path / "org") as org, psycopg.connect(database, autocommit=True) as rows:
        command = Command(tmp_path, {"DATABASE_URL": database, **login(org.url)})
        _go(Walk(command, org, rows, tmp_path), export)


def _go(walk: Walk, export: Path) -> None:
    """Take an export all the way, and print what it has."""
    walk.install(export)
    walk.sync()
    tables = walk.desired.tables
    writable = [one for one in tables if one.mapping.writable]
    written = [Written(walk, one) for one in _parents_first(writable)]
    _insert_and_update(walk, written)
    _change_both_sides(walk, written, tables)
    _delete(walk, written)
    columns = sum(len(one.columns) for one in tables)
    works = ["load"]
    works += ["org to row"] if any(map(changeable, tables)) else []
    works += ["insert, update, delete"] if writable else []
    print(
        f"\n| {export.stem} | {len(tables)} ({len(writable)} read_write) | {columns} "
        f"| {walk.warnings} | {', '.join(works)} |"
    )


def _insert_and_update(walk: Walk, written: Sequence[Written]) -> None:
    for one in written:
        one.insert()
        one.update("changed before it was sent")
    walk.sync()
    for one in written:
        one.has_arrived()


def _change_both_sides(walk: Walk, written: Sequence[Written], tables: Sequence[Table]) -> None:
    """Change the rows just written here, and records that were there before in the org."""
    ours = {one.table.name: one.sfid for one in written}
    for one in written:
        one.update("changed here")
    columns = [(one, column) for one in tables if (column := changeable(one))]
    for table, column in columns:
        theirs = walk.org.records(f"SELECT Id FROM {table.object.name} ORDER BY Id")
        sfid = next(one["Id"] for one in theirs if one["Id"] != ours.get(table.name))
        path = f"sobjects/{table.object.name}/{sfid}"
        walk.org.call("PATCH", path, {column.path: "changed there"})
    walk.sync()
    for one in written:
        one.has_arrived()
    for table, column in columns:
        assert "changed there" in walk.column(table, column.name)


def _delete(walk: Walk, written: Sequence[Written]) -> None:
    gone = {one.table.object.name: one.sfid for one in written}
    for one in written:
        one.delete()
    walk.sync()
    for name, sfid in gone.items():
        query = f"SELECT IsDeleted FROM {name} WHERE Id = '{sfid}'"
        assert walk.org.records(query, deleted=True) == [{"IsDeleted": True}]


@contextmanager
def _org(describes: Path) -> Iterator[Somebody]:
    counts = {path.stem: SEEDED for path in describes.glob("*.json")}
    options = Options(describe=describes, seed_records=counts)
    with start_in_thread(options) as org, somebody(org.url) as person:
        yield person


def _seeding(objects: Sequence[str]) -> list[str]:
    return [part for name in objects for part in ("--seed-records", f"{name}={SEEDED}")]


def _keep(folder: Path, raws: Sequence[dict[str, object]]) -> None:
    folder.mkdir()
    for raw in raws:
        (folder / f"{raw['name']}.json").write_text(json.dumps(raw))


def _parents_first(tables: Sequence[Table]) -> list[Table]:
    return sorted(tables, key=lambda one: len(one.parents))
