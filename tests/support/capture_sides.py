"""The two sides of a comparison: a mapped table and the trigger log, as Postgres has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.hstore import HstoreLoader

from connectsql.compiler.model import Table
from connectsql.config.model import LogLevel
from support.capture_model import Entry, Rules, Values
from support.capture_scripts import NOTE, ODD_COLUMNS, SENT
from support.capture_sql import Target

Connection = psycopg.Connection[Any]
_OWN = {"id": "bigint", "sfid": "text", "_hc_lastop": "text", "_hc_err": "text", NOTE: "text"}


class Side:
    """One mapped table: its rules, and what a script's names mean in it."""

    def __init__(self, table: Table) -> None:
        self.name = table.name
        types = {one.name: one.type for one in table.columns} | _OWN
        numbers = [self.column("number__c")]
        sent = frozenset(map(self.column, SENT)) if table.mapping.writable else frozenset()
        self.target = Target(sql.Identifier(table.schema, table.name), self.column("ext__c"), types)
        self.columns = tuple(types)
        self.rules = Rules(
            table=table.name,
            log="full" if table.mapping.log is LogLevel.FULL else "changes",
            ordered=table.ordered,
            writable=table.mapping.writable,
            sent=sent,
            numbers=frozenset(numbers),
        )

    def column(self, name: str) -> str:
        """Return a column's name in this table."""
        return name if self.name == "account" else ODD_COLUMNS.get(name, name)

    def normal(self, values: Values | None) -> Values | None:
        """Return values as hstore has them in a form that depends on no session."""
        if values is None:
            return None
        return {name: self._normal(name, value) for name, value in values.items()}

    def _normal(self, name: str, value: str | None) -> str | None:
        type_ = self.target.types.get(name, "text")
        if value is None or not value:
            return value
        if type_ == "double precision":
            return repr(float(value)).removesuffix(".0")
        return _moment(value) if type_.startswith("timestamp") else value

    def normal_row(self, row: Values) -> Values:
        """Return the values of a row likewise, whose booleans are written out."""
        words = {"true": "t", "false": "f"}
        booleans = {
            name: words.get(value or "", value)
            for name, value in row.items()
            if self.target.types.get(name) == "boolean"
        }
        return self.normal({**row, **booleans}) or {}


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value  # in no form that a program could rely on
    return moment.astimezone(UTC).isoformat() if moment.tzinfo else f"{moment.isoformat()}+00:00"


def rows(connection: Connection, side: Side) -> dict[int, Values]:
    """Return the rows of a table by id."""
    columns = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(name)) for name in side.columns
    )
    query = sql.SQL("SELECT id, {} FROM {}").format(columns, side.target.table)
    return {
        row[0]: side.normal_row(dict(zip(side.columns, row[1:], strict=True)))
        for row in connection.execute(query)
    }


def entries(connection: Connection) -> list[Entry]:
    """Return the log as Postgres reads it, and check that the agent reads the same."""
    found = connection.execute(
        """
        SELECT id, txid, state, action, table_name, record_id, sfid,
               old, hstore_to_jsonb(old::hstore), "values", hstore_to_jsonb("values"::hstore),
               created_at IS NOT NULL AND updated_at IS NULL AND processed_at IS NULL
               AND processed_tx IS NULL AND sf_result IS NULL AND sf_message IS NULL
        FROM salesforce._trigger_log ORDER BY id
        """
    )
    return [_entry(*row) for row in found]


def _entry(*row: Any) -> Entry:
    id_, txid, state, action, table, record, sfid, old, old_parsed, values, parsed, rest = row
    assert rest, f"other columns of the entry {id_}"
    for text, meant in ((old, old_parsed), (values, parsed)):
        assert text is None or HstoreLoader(0).load(text.encode()) == meant
    return Entry(
        id=id_, transaction=txid, state=state, action=action, table=table, record=record,
        sfid=sfid, old=old_parsed, values=parsed,
    )  # fmt: skip
