"""An applied database for tests of what is captured, and what its trigger log says."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.hstore import HstoreLoader

from connectsql.compiler.model import Desired
from connectsql.config.model import LogLevel, WriteMode
from connectsql.database.apply import apply
from connectsql.database.connection import connect
from support.describes import desire

# Each is captured in a way of its own.
LEVELS = {
    "full": (LogLevel.FULL, WriteMode.MERGED),
    "changes": (LogLevel.CHANGES, WriteMode.MERGED),
    "ordered": (LogLevel.CHANGES, WriteMode.ORDERED),
}
CONFIG = """
connection: {{schema: {schema}, types: {types}}}
mappings:
  - {{object: Account, table: {account}, access: {access},
     fields: [Name, Phone, Revenue__c, Ext__c]}}
  - {{object: Contact, access: {access}, fields: [LastName, AccountId, Ext__c]}}
"""
Change = tuple[str, str, int, dict[str, str | None] | None]


@dataclass
class Captured:
    """A session of an application in a database where Accounts and Contacts are mapped."""

    level: str
    schema: str
    session: psycopg.Connection[Any]

    def run(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement, or without parameters several; return the rows of the last."""
        cursor = self.session.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *parameters: object) -> Any:
        """Return the only value that a query gives."""
        ((value,),) = self.run(statement, *parameters)
        return value

    def log(self) -> list[Change]:
        """Return action, table and record of each change in order; of an update, what changed.

        log: full has entries of updates that changed nothing, too: they are left out.
        """
        table = sql.Identifier(self.schema, "_trigger_log")
        query = sql.SQL(
            'SELECT action, table_name, record_id, "values" FROM {} '
            "WHERE NOT (action = 'UPDATE' AND state = 'IGNORE') ORDER BY id"
        )
        return [
            (action, name, record, hstore(values) if action == "UPDATE" else None)
            for action, name, record, values in self.session.execute(query.format(table))
        ]

    def taken(self) -> list[Change]:
        """Return the log, and empty it."""
        found = self.log()
        table = sql.Identifier(self.schema, "_trigger_log")
        self.session.execute(sql.SQL("DELETE FROM {}").format(table))
        return found

    def brief(self) -> list[str]:
        """Return the log in words and empty it: "INSERT account 1", "UPDATE account 1 phone"."""
        return [
            " ".join([action, table, str(record), *sorted(values or ())])
            for action, table, record, values in self.taken()
        ]

    def marks(self, table: str = "account") -> dict[int, str | None]:
        """Return the mark of each row by its id."""
        name = sql.Identifier(self.schema, table)
        query = sql.SQL("SELECT id, _hc_lastop FROM {} ORDER BY id")
        return dict(self.session.execute(query.format(name)).fetchall())

    def settle(self, table: str = "account") -> None:
        """Mark every row as an agent would, and forget the log."""
        name = sql.Identifier(self.schema, table)
        self.session.execute("SET xmlbinary TO hex")
        self.session.execute(sql.SQL("UPDATE {} SET _hc_lastop = 'SYNCED'").format(name))
        self.session.execute("SET xmlbinary TO base64")
        self.taken()


def wanted(
    folder: Path,
    level: str,
    *,
    schema: str = "salesforce",
    account: str = "account",
    access: str = "read_write",
    types: str = "native",
    **more: Any,
) -> Desired:
    """Return the schema of a config at one of LEVELS; ``more`` changes its mappings."""
    names = {"schema": quoted(schema), "account": quoted(account)}
    desired = desire(folder, CONFIG.format(access=access, types=types, **names))[1]
    more["log"], more["writes"] = LEVELS[level]
    tables = (replace(one, mapping=replace(one.mapping, **more)) for one in desired.tables)
    return replace(desired, tables=tuple(tables))


def installed(database: str, desired: Desired) -> None:
    """Apply it to a database."""
    with connect(database) as connection:
        apply(connection, desired)


def hstore(text: str) -> dict[str, str | None]:
    """Return what the text of an hstore holds."""
    return HstoreLoader(0).load(text.encode())


def quoted(name: str) -> str:
    """Return a name as YAML takes it, whatever is in it."""
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
