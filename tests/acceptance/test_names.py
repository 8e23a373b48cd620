"""Names that need quotes go the whole way, at either level of the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.site import site
from support.somebody import somebody

from connectsql.emulator import start_in_thread

CONFIG = """
connection: {schema: 'Odd "Schema"'}
mappings:
  - object: Account
    table: Odd Table
    access: read_write
    log: LEVEL
    upsert_field: ExternalId__c
    fields: [Name, Phone, ExternalId__c]
"""
TABLE = '"Odd ""Schema"""."Odd Table"'
LOG = '"Odd ""Schema"""._trigger_log'


@pytest.mark.parametrize("level", ["full", "changes"])
def test_schema_and_table_that_need_quotes(level: str, tmp_path: Path, database: str) -> None:
    with start_in_thread() as running, somebody(running.url) as org:
        theirs = org.call("POST", "sobjects/Account", {"Name": "theirs"})["id"]
        with site(tmp_path, database, org, CONFIG.replace("LEVEL", level)) as odd:

            def write(statement: str) -> None:
                odd.rows.execute(statement.encode())
                odd.command("agent", "--once").ok()

            def records() -> list[dict[str, Any]]:
                return org.records("SELECT Name, Phone FROM Account ORDER BY Name")

            write(f"INSERT INTO {TABLE} (name, externalid__c) VALUES ('ours', 'o')")
            assert records() == [{"Name": "ours", "Phone": None}, {"Name": "theirs", "Phone": None}]
            org.call("PATCH", f"sobjects/Account/{theirs}", {"Phone": "1"})
            write(f"UPDATE {TABLE} SET phone = '2' WHERE name = 'ours'")
            assert records() == [{"Name": "ours", "Phone": "2"}, {"Name": "theirs", "Phone": "1"}]
            assert odd.query(
                f"SELECT name, phone, sfid IS NULL, _hc_lastop FROM {TABLE} ORDER BY name"
            ) == [("ours", "2", False, "SYNCED"), ("theirs", "1", False, "SYNCED")]
            write(f"DELETE FROM {TABLE} WHERE name = 'ours'")
            assert records() == [{"Name": "theirs", "Phone": "1"}]
            assert odd.query(f"SELECT DISTINCT state FROM {LOG}") == [("SUCCESS",)]
            assert odd.command("apply", "--yes").ok().err.endswith("nothing to do\n")
