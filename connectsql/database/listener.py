"""Waits for the trigger log to be written to."""

from __future__ import annotations

import selectors
import socket

from psycopg import sql

from connectsql.database.connection import Connection, connect, errors


class Listener:
    """A session of its own that hears the notify channel of one schema.

    What it hears is a hint that there is something to do, never the thing itself: callers look
    at the log after every wait, whatever it returned. ``wakeup`` is a socket that ends a wait
    when it becomes readable.
    """

    def __init__(self, database: str, schema: str, wakeup: socket.socket) -> None:
        self._connection: Connection = connect(database, autocommit=True)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._connection.fileno(), selectors.EVENT_READ)
        self._selector.register(wakeup, selectors.EVENT_READ)
        with errors("listening"):
            self._connection.execute(
                sql.SQL("LISTEN {}").format(sql.Identifier(f"{schema}.hc_trigger_log"))
            )

    def wait(self, seconds: float) -> bool:
        """Wait for a notification or the wakeup; True where something came.

        After silence the session is asked for a sign of life, because a dead one would stay
        silent. Raises DatabaseUnreachable where it is.
        """
        heard = bool(self._selector.select(timeout=seconds))
        with errors("listening"):
            for _ in self._connection.notifies(timeout=0):
                heard = True
            if not heard:
                self._connection.execute("SELECT 1")
        return heard

    def close(self) -> None:
        """End the session."""
        self._selector.close()
        self._connection.close()
