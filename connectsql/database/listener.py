"""Waits for the trigger log to be written to, without costing those who write.

A NOTIFY makes commits queue for each other, so triggers send one only to an agent that sleeps.
Which it is shows in two advisory locks; a dead session has neither. What an agent must not miss:
a transaction that found it awake, said nothing, and commits after the agent's last look. Each of
them holds a lock on the log from its entry until its end. So the agent says that it sleeps, notes
who holds such a lock at that moment, and looks again until all of them have ended. Whoever
writes later finds it asleep.
"""

from __future__ import annotations

import selectors
import socket

import psycopg
from psycopg import sql

from connectsql.database.connection import Connection, connect, errors
from connectsql.database.queries import query

ALONE = 0.5  # seconds between looks where another agent has the notifications
_PATIENCE = 200  # ms to wait for writers that are looking at the lock, each for microseconds
_PREPARED = "-1/"  # what pg_locks calls prepared transactions
_SHORTEST, _LONGEST = 0.005, 0.25  # seconds between looks at transactions that said nothing


class Listener:
    """A session of its own that hears when the log of one schema is written to.

    What it hears is a hint that there is something to do, never the thing itself: callers look
    at the log after every rest, whatever ended it. ``wakeup`` is a socket that ends a rest when
    it becomes readable.
    """

    def __init__(self, database: str, schema: str, wakeup: socket.socket) -> None:
        self._connection: Connection = connect(database, autocommit=True)
        self._schema = schema
        self._asleep = False
        self._unheard: set[str] = set()
        self._pause = _SHORTEST
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._connection.fileno(), selectors.EVENT_READ)
        self._selector.register(wakeup, selectors.EVENT_READ)
        with errors("listening"):
            channel = sql.Identifier(f"{schema}.connectsql")
            self._connection.execute(sql.SQL("LISTEN {}").format(channel))
            self._run("keep_lock_timeout", timeout=f"{_PATIENCE}ms")
            self._run("try_lock", which="awake")

    def stay_awake(self) -> None:
        """Tell writers that nobody has to be woken: the log is being looked at."""
        if self._asleep:
            with errors("waking up"):
                self._run("try_lock", which="awake")
                self._run("unlock", which="sleeping")
            self._asleep = False

    def rest(self, seconds: float) -> None:
        """Return when there may be something in the log, after ``seconds`` at the latest.

        Returns at once where a last look is needed first. After silence the session is asked
        for a sign of life, because a dead one would stay silent: raises DatabaseUnreachable.
        """
        with errors("listening"):
            if not self._asleep:
                self._fall_asleep()
                if not self._asleep:
                    self._wait(min(seconds, ALONE))
            elif self._unheard:
                self._wait(min(seconds, self._pause))
                self._pause = min(self._pause * 2, _LONGEST)
                self._unheard = self._still_unheard()
            else:
                self._wait(seconds)

    def close(self) -> None:
        """End the session, and with it the locks."""
        self._selector.close()
        self._connection.close()

    def _fall_asleep(self) -> None:
        try:
            self._run("lock", which="sleeping")
        except psycopg.errors.LockNotAvailable:
            return  # another agent sleeps already: it is the one that is woken
        self._run("unlock", which="awake")
        self._asleep = True
        self._pause = _SHORTEST
        self._unheard = self._writers()
        # Applications that listen on Heroku Connect's channel have heard nothing meanwhile.
        self._run("ping", channel=f"{self._schema}.hc_trigger_log")

    def _still_unheard(self) -> set[str]:
        """Return those that have not ended. One that was prepared goes on under another name."""
        return {one for one in self._writers() if one in self._unheard or one.startswith(_PREPARED)}

    def _writers(self) -> set[str]:
        """Return the transactions that have written to the log and have not ended."""
        log = sql.Identifier(self._schema, "_trigger_log").as_string(None)
        return {row[0] for row in self._run("writers_of_log", log=log)}

    def _wait(self, seconds: float) -> None:
        heard = bool(self._selector.select(timeout=seconds))
        for _ in self._connection.notifies(timeout=0):
            heard = True
        if not heard:
            self._connection.execute("SELECT 1")

    def _run(self, name: str, **parameters: object) -> list[tuple[str]]:
        cursor = self._connection.execute(query(name), {"schema": self._schema, **parameters})
        return cursor.fetchall() if cursor.description else []
