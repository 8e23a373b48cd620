"""The tables that capture is measured on, and the sessions that write to them."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from benchmarks import wide
from connectsql.compiler.model import Desired, Table
from connectsql.database.connection import Connection

BARE = "no triggers"
CHANGES = "log: changes"
FULL = "log: full"
USUAL = "the usual design"
FEW = "no triggers, few rows"  # what the usual design is compared with

# Objects with what their mappings say. A read-only mapping without a full log has no triggers.
NAMES = {
    "Bare__c": "access: read_only",
    "Changes__c": "access: read_write",
    "Full__c": "access: read_write, log: full",
    "Usual__c": "access: read_only",
    "Few__c": "access: read_only",
}
_OBJECTS = dict(zip((BARE, CHANGES, FULL, USUAL, FEW), NAMES, strict=True))

OWN_COLUMN = "own_note"  # the application's, unknown to the mapping


class Tables:
    """The tables, an application's session and the agent's."""

    def __init__(self, application: Connection, agent: Connection, desired: Desired) -> None:
        self.application = application
        self.agent = agent
        self._by_name = desired.by_name
        log = sql.Identifier(desired.schema, "_trigger_log")
        self._logs = [log, sql.Identifier("usual", "log")]
        for table in desired.tables:
            self._do("ALTER TABLE {table} ADD COLUMN {own} text", wide.identifier(table))

    def of(self, who: str) -> Table:
        """Return one of the tables."""
        return self._by_name[_OBJECTS[who].lower()]

    def name(self, who: str) -> sql.Identifier:
        """Return its name."""
        return wide.identifier(self.of(who))

    def fill(self, who: str) -> None:
        """Fill a table with the rows of ``source``, as rows that are in step."""
        self._do("ALTER TABLE {table} DISABLE TRIGGER USER", self.name(who))
        self._do("TRUNCATE {table} RESTART IDENTITY", self.name(who))
        self._do(
            "INSERT INTO {table} (sfid, {columns}, _hc_lastop) "
            "SELECT sfid, {columns}, 'SYNCED' FROM source ORDER BY number",
            self.name(who),
        )
        self._do("ALTER TABLE {table} ENABLE TRIGGER USER", self.name(who))
        self.tidy(who)

    def remove_behind(self, who: str, number: int) -> None:
        """Remove the rows that came after so many, as the sync does."""
        composed = sql.SQL("DELETE FROM {} WHERE id > {}").format(self.name(who), number)
        self.agent.execute(composed)

    def tidy(self, who: str) -> None:
        """Leave no dead rows in a table, and nothing in the logs."""
        self._do("VACUUM ANALYZE {table}", self.name(who))
        for log in self._logs:
            self._do("TRUNCATE {table}", log)

    def _do(self, statement: LiteralString, table: sql.Identifier) -> None:
        composed = sql.SQL(statement).format(
            table=table, columns=wide.names(), own=sql.Identifier(OWN_COLUMN)
        )
        self.application.execute(composed)
