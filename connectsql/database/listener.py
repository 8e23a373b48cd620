"""Waits for the trigger log to be written to."""

from __future__ import annotations

from psycopg import sql

from connectsql.database.connection import Connection, connect, errors

CHANNEL_BYTES = 63


class Listener:
    """A session of its own that hears the notify channel of one schema.

    What it hears is a hint that there is something to do, never the thing itself: callers look
    at the log after every wait, whatever it returned.
    """

    def __init__(self, database: str, schema: str) -> None:
        self._connection: Connection = connect(database, autocommit=True)
        with errors("listening"):
            self._connection.execute(
                sql.SQL("LISTEN {}").format(sql.Identifier(f"{schema}.hc_trigger_log"))
            )

    def wait(self, seconds: float) -> bool:
        """Wait for a notification; True where one came. Raises where the session is dead.

        After silence the session is asked for a sign of life: a dead one would stay silent.
        """
        with errors("listening"):
            heard = list(self._connection.notifies(timeout=seconds, stop_after=1))
            if not heard:
                self._connection.execute("SELECT 1")
        return bool(heard)

    def close(self) -> None:
        """End the session."""
        self._connection.close()
