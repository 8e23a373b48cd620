"""The steps of the demo: what is run, what the org received, what became of the rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import requests
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from connectsql.cli.output import counted
from connectsql.compiler import check, render
from connectsql.compiler.model import Desired
from connectsql.config.model import Config
from connectsql.database.apply import apply
from connectsql.database.connection import connect
from connectsql.emulator import RunningOrg
from connectsql.errors import ConnectsqlError
from connectsql.salesforce.session import Session

PATIENCE = 30.0  # seconds until a step that does not come about is an error

TRANSACTION: LiteralString = """\
BEGIN;
INSERT INTO salesforce.account (name, industry, annualrevenue, externalid__c)
VALUES ('Analytical Engines', 'Machinery', 1840000.50, 'acc-ada');
INSERT INTO salesforce.contact
       (firstname, lastname, account__externalid__c, externalid__c)
VALUES ('Ada', 'Lovelace', 'acc-ada', 'con-ada'),
       ('Charles', 'Babbage', 'acc-ada', 'con-charles');
COMMIT;
"""
ACCOUNT: LiteralString = (
    "SELECT name, sfid, createddate, _hc_lastop "
    "FROM salesforce.account WHERE externalid__c = 'acc-ada'"
)
CONTACTS: LiteralString = (
    "SELECT lastname, sfid, name, accountid, _hc_lastop FROM salesforce.contact "
    "WHERE externalid__c IN ('con-ada', 'con-charles') ORDER BY id"
)
BAD: LiteralString = (
    "UPDATE salesforce.contact SET email = 'ada at example'\nWHERE externalid__c = 'con-ada';"
)
GOOD: LiteralString = (
    "UPDATE salesforce.contact SET email = 'ada@example.com'\nWHERE externalid__c = 'con-ada';"
)
ADA: LiteralString = (
    "SELECT lastname, email, _hc_lastop, _hc_err "
    "FROM salesforce.contact WHERE externalid__c = 'con-ada'"
)
ENTRY: LiteralString = (
    'SELECT action, "values", state, sf_message '
    "FROM salesforce._trigger_log ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the tour is about: one database, one org, one config."""

    console: Console
    folder: Path
    database: str
    sql: psycopg.Connection[Any]
    org: RunningOrg
    session: Session
    config: Config
    desired: Desired
    version: str


class Tour:
    """The steps, in order."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._console = scene.console
        self._number = 0
        self._load_took = 0.0  # seconds

    def declare(self) -> None:
        """Show the config."""
        self._title("Declare what to keep in step")
        self._code((self._scene.folder / "connectsql.yaml").read_text(), "yaml")

    def apply(self) -> None:
        """Compile, check and apply, and show what was applied."""
        self._title(f"Compile it to SQL and apply it (Postgres {self._scene.version})")
        script = render.script(self._scene.desired)
        statements = check.check(script)
        self._command("connectsql compile")
        start = script.index("CREATE TABLE IF NOT EXISTS salesforce.account")
        self._code(script[start : script.index(";", start) + 1], "sql")
        self._say(
            f"... {len(statements)} statements in all: tables, indexes, triggers and the outbox.\n"
            "A DBA reads them before anything runs."
        )
        self._command("connectsql apply")
        with connect(self._scene.database) as connection:
            for change in apply(connection, self._scene.desired).changes:
                self._say(f"  {change.comment}")

    def load(self, over: Callable[[], bool]) -> None:
        """Wait for the initial load."""
        self._title("Start the agent: it loads what the org has")
        self._command("connectsql agent")
        began = time.monotonic()
        loaded: LiteralString = (
            "SELECT count(*) FROM connectsql.mapping WHERE loaded_at IS NOT NULL"
        )
        self._until(loaded, lambda row: row[0] == len(self._scene.desired.tables), over)
        self._load_took = time.monotonic() - began

    def loaded(self) -> None:
        """Say what was loaded."""
        accounts, contacts = self._one(
            "SELECT (SELECT count(*) FROM salesforce.account), "
            "(SELECT count(*) FROM salesforce.contact)"
        )
        self._say(f"{accounts:,} accounts and {contacts:,} contacts in {self._load_took:.1f} s.")

    def application_writes(self) -> None:
        """Run an application's transaction, and show the rows before and after."""
        self._title("An application just writes SQL")
        self._code(TRANSACTION, "sql")
        mark = self._mark()
        self._scene.sql.execute(TRANSACTION)
        committed = time.monotonic()
        before = [self._rows(ACCOUNT), self._rows(CONTACTS)]
        self._until(ACCOUNT, lambda row: row[-1] == "SYNCED")
        self._until(CONTACTS, lambda row: row[-1] == "SYNCED", every=True)
        took = time.monotonic() - committed
        self._say("Right after COMMIT:")
        for columns, rows in before:
            self._table(columns, rows)
        self._say(f"{took * 1000:.0f} ms later, Salesforce's ids and computed fields are there:")
        for query in (ACCOUNT, CONTACTS):
            self._table(*self._rows(query))
        self._requests(mark)

    def salesforce_changes(self) -> None:
        """Change a record in the org and wait for it."""
        self._title("A change in Salesforce arrives")
        (sfid,) = self._one("SELECT sfid FROM salesforce.account WHERE externalid__c = 'acc-ada'")
        path = f"sobjects/Account/{sfid}"
        self._say(f'Somebody in Salesforce:  PATCH {path}  {{"Industry": "Technology"}}')
        began = time.monotonic()
        self._scene.session.call("PATCH", path, json={"Industry": "Technology"}, idempotent=False)
        query: LiteralString = (
            "SELECT name, industry, systemmodstamp "
            "FROM salesforce.account WHERE externalid__c = 'acc-ada'"
        )
        self._until(query, lambda row: row[1] == "Technology")
        took = time.monotonic() - began
        self._say(f"{took:.1f} s later in Postgres (this demo polls every second):")
        self._table(*self._rows(query))

    def refused(self) -> None:
        """Let Salesforce refuse a write, show where the reason is, and mend it."""
        self._title("A write that Salesforce refuses")
        self._code(BAD, "sql")
        mark = self._mark()
        self._scene.sql.execute(BAD)
        self._until(ADA, lambda row: row[2] == "FAILED")
        self._requests(mark)
        self._say("The reason stands in the row, and in the outbox:")
        self._table(*self._rows(ADA))
        self._table(*self._rows(ENTRY))
        self._say("Write it right, and it goes through:")
        self._code(GOOD, "sql")
        self._scene.sql.execute(GOOD)
        self._until(ADA, lambda row: row[2] == "SYNCED")
        self._table(*self._rows(ADA))

    def goodbye(self) -> None:
        """Say what to do next."""
        self._console.rule()
        self._say(
            "Coming from Heroku Connect?  connectsql init --from-heroku EXPORT.json\n"
            "Starting afresh?             connectsql init --object Account --object Contact"
        )

    def say_where_things_are(self) -> None:
        """Print connection strings for a demo that is kept."""
        org = self._scene.org
        self._title("Everything is still running; Ctrl-C ends it and leaves nothing behind")
        self._console.print(f'psql "{self._scene.database}"', soft_wrap=True)
        self._console.print(f"config  {self._scene.config.file}", soft_wrap=True)
        self._console.print(f"org     {org.url}   token {org.access_token}", soft_wrap=True)

    def _title(self, text: str) -> None:
        self._number += 1
        self._console.print()
        self._console.rule(f"[bold]{self._number}  {text}[/bold]", align="left")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def _command(self, text: str) -> None:
        self._console.print(f"[bold green]$ {text}[/bold green]")

    def _code(self, text: str, language: str) -> None:
        if self._console.is_terminal:
            shown = Syntax(text.rstrip(), language, background_color="default", word_wrap=True)
            self._console.print(shown)
        else:
            self._say(text.rstrip())

    def _table(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(_shown(value) for value in row))
        self._console.print(table)

    def _requests(self, mark: int) -> None:
        """Show the calls the org has received since, but for the reader's polls."""
        self._say("What the org received:")
        for call in self._calls(mark):
            if not call["path"].endswith("/queryAll"):
                path = call["path"].partition(f"/v{self._scene.config.api_version}/")[2]
                records = counted(call["records"], "record")
                self._say(f"  {call['method']:6} {path}  {call['status']}  {records}")

    def _mark(self) -> int:
        calls = self._calls(0)
        return int(calls[-1]["n"]) if calls else 0

    def _calls(self, since: int) -> list[dict[str, Any]]:
        url = f"{self._scene.org.url}/__emulator__/calls"
        answer = requests.get(url, params={"since": since}, timeout=10)
        calls: list[dict[str, Any]] = answer.json()["calls"]
        return calls

    def _rows(self, query: LiteralString) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self._scene.sql.execute(query)
        return [column.name for column in cursor.description or ()], cursor.fetchall()

    def _one(self, query: LiteralString) -> tuple[Any, ...]:
        _, rows = self._rows(query)
        return rows[0]

    def _until(
        self,
        query: LiteralString,
        wanted: Callable[[tuple[Any, ...]], bool],
        over: Callable[[], bool] = lambda: False,
        *,
        every: bool = False,
    ) -> None:
        """Look every few milliseconds until the first row (or every row) is as wanted."""
        patience = time.monotonic() + PATIENCE
        while not over():
            _, rows = self._rows(query)
            if rows and (all(map(wanted, rows)) if every else wanted(rows[0])):
                return
            if time.monotonic() > patience:
                raise ConnectsqlError(f"waited {PATIENCE:.0f} s in vain for: {query}")
            time.sleep(0.002)


def _shown(value: Any) -> str:
    if value is None:
        return "[dim]NULL[/dim]"
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value).replace("[", "\\[")
