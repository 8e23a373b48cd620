"""One deployment as its owner has it: a config in a folder, an org, a database, the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from support.command import PATIENCE, Command
from support.somebody import Somebody, login

_TELL_WHEN_SETTLED = """
CREATE FUNCTION public.tell_when_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM salesforce._trigger_log WHERE state IN ('NEW', 'PENDING')) THEN
        NOTIFY settled;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_when_settled AFTER UPDATE ON salesforce._trigger_log
FOR EACH STATEMENT EXECUTE FUNCTION public.tell_when_settled();
"""


@dataclass
class Site:
    """Config, org and database, applied and ready for agents."""

    command: Command
    org: Somebody
    rows: psycopg.Connection[Any]
    database: str

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        return self.rows.execute(statement.encode(), parameters).fetchall()

    def states(self) -> dict[str, int]:
        """Return how many entries of the log are in which state."""
        counted = "SELECT state, count(*) FROM salesforce._trigger_log GROUP BY state"
        return dict(self.query(counted))

    def once(self) -> None:
        """Run `agent --once` as a process; it must succeed."""
        self.command.run("agent", "--once").ok()

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Leave only when the log has nothing NEW or PENDING any more, by a commit since."""
        with psycopg.connect(self.database, autocommit=True) as listener:
            listener.execute("LISTEN settled")
            yield
            assert list(listener.notifies(timeout=PATIENCE, stop_after=1)), self.states()


@contextmanager
def site(folder: Path, database: str, org: Somebody, config: str) -> Iterator[Site]:
    """Write the config, and go as far as `apply`."""
    (folder / "connectsql.yaml").write_text(config, encoding="utf-8")
    command = Command(folder, {"DATABASE_URL": database, **login(org.url)})
    command("describe").ok()
    command("apply", "--yes").ok()
    with psycopg.connect(database, autocommit=True) as rows:
        if rows.execute("SELECT to_regclass('salesforce._trigger_log')").fetchone() != (None,):
            rows.execute(_TELL_WHEN_SETTLED.encode())
        yield Site(command, org, rows, database)
