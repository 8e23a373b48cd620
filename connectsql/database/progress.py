"""How far each mapped table has been read from Salesforce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectsql.database.connection import Connection, errors
from connectsql.database.queries import query


@dataclass(frozen=True, kw_only=True)
class State:
    """One table's state. All times are the org's clock, but for ``loaded_at``."""

    load_started: datetime | None = None
    loaded_up_to: str | None = None  # greatest Id stored by the initial load
    loaded_at: datetime | None = None
    read_until: datetime | None = None
    problem: str | None = None


class Progress:
    """The states of one schema's tables."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def of(self, table: str) -> State:
        """Return a table's state; one that was never read has an empty one."""
        with errors("looking how far the tables are read"):
            rows = self._connection.execute(
                query("mapping_state"), {"schema": self._schema}
            ).fetchall()
        found = {row[0]: row[1:] for row in rows}
        started, up_to, loaded, until, problem = found.get(table, (None,) * 5)
        return State(
            load_started=started,
            loaded_up_to=up_to,
            loaded_at=loaded,
            read_until=until,
            problem=problem,
        )

    def begin_load(self, table: str, started: datetime) -> None:
        """Note that an initial load begins, at the org's time ``started``."""
        self._run("begin_load", table=table, started=started)

    def note_loaded(self, table: str, up_to: str) -> None:
        """Note the greatest Id stored so far."""
        self._run("note_loaded", table=table, up_to=up_to)

    def finish_load(self, table: str) -> None:
        """Note that the load is complete; polling goes on from where it began."""
        self._run("finish_load", table=table)

    def note_read(self, table: str, until: datetime) -> None:
        """Note that everything up to the org's time ``until`` is stored."""
        self._run("note_read", table=table, until=until)

    def note_problem(self, table: str, problem: str) -> None:
        """Note why a table is not being read."""
        self._run("note_problem", table=table, problem=problem)

    def _run(self, name: str, **parameters: object) -> None:
        with errors("noting how far the tables are read"):
            self._connection.execute(query(name), {"schema": self._schema, **parameters})
