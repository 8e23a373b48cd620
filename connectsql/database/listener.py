"""Waits for the trigger log to be written to, without costing those who write.

A NOTIFY makes commits queue for each other, so triggers send one only where an agent sleeps.
Whether one does shows in an advisory lock, which goes with a session that dies. What an agent
must not miss: a transaction that found none asleep, said nothing, and commits after the agent's
last look. Each of them holds a lock on the log from before it looked for sleepers until its end.
So the agent says that it sleeps, notes who holds such a lock at that moment, and looks again until
all of them have ended. Whoever comes to write later finds it asleep.

With ``types: heroku`` triggers also notify where no agent is, for applications that listen. A
second lock, held while awake, keeps them from it; its holder passes the word on.
"""

from __future__ import annotations

import selectors
import socket

import psycopg
from psycopg import sql

from connectsql.database.connection import Connection, connect, errors
from connectsql.database.queries import query

ALONE = 0.5  # seconds between looks where another agent sleeps: it may die while it is awake
_PATIENCE = 200  # ms to wait for writers that are looking at the lock, each for microseconds
_SHORTEST, _LONGEST = 0.005, 0.25  # seconds between looks at transactions that said nothing

# The advisory locks. Writers look at the first two. The third is among agents, so that one that
# cannot be the sleeper sees it at once and without an error in the server's log.
_SLEEPING, _AWAKE, _SLEEPER = "sleeping", "awake", "sleeper"


class Listener:
    """A session of its own that hears when the log of one schema is written to.

    What it hears is a hint that there is something to do, never the thing itself: callers look
    at the log after every rest, whatever ended it. ``wakeup`` is a socket that ends a rest when
    it becomes readable.

    Notifications that arrive while a statement runs may show on the socket no more. So nothing
    here waits after a statement without the caller having looked in between, but for the short
    waits beside another agent.
    """

    def __init__(self, database: str, schema: str, wakeup: socket.socket) -> None:
        self._connection: Connection = connect(database, autocommit=True)
        self._schema = schema
        self._held: set[str] = set()
        self._unheard: set[str] = set()
        self._pause = _SHORTEST
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._connection.fileno(), selectors.EVENT_READ)
        self._selector.register(wakeup, selectors.EVENT_READ)
        with errors("listening"):
            channel = sql.Identifier(f"{schema}.connectsql")
            self._connection.execute(sql.SQL("LISTEN {}").format(channel))
            self._run("keep_lock_timeout", timeout=f"{_PATIENCE}ms")
            self._try(_AWAKE)

    def stay_awake(self) -> None:
        """Tell writers that nobody has to be woken: the log is being looked at."""
        with errors("waking up"):
            # Fails while another agent is awake, and while a writer looks: tried again next time.
            self._try(_AWAKE)
            self._drop(_SLEEPING, _SLEEPER)

    def rest(self, seconds: float) -> None:
        """Return when there may be something in the log, after ``seconds`` at the latest.

        Returns at once where a last look is needed first. Who is told that there is something
        is awake from then on. After silence the session is asked for a sign of life, because a
        dead one would stay silent: raises DatabaseUnreachable.
        """
        with errors("listening"):
            if _SLEEPING in self._held:
                woken = self._sleep(seconds)
            elif self._fall_asleep():
                return
            else:
                woken = self._wait(min(seconds, ALONE))
        if woken:
            self.stay_awake()

    def close(self) -> None:
        """End the session, and with it the locks."""
        self._selector.close()
        self._connection.close()

    def _fall_asleep(self) -> bool:
        """Be the agent that is woken; False where another is, or where that cannot be had."""
        asleep = self._try(_SLEEPER) and self._sleeping()
        self._drop(_AWAKE)
        if asleep:
            self._pause = _SHORTEST
            self._unheard = self._writers()
            # Applications that listen on Heroku Connect's channel have heard nothing meanwhile.
            self._run("ping", channel=f"{self._schema}.hc_trigger_log")
        return asleep

    def _sleeping(self) -> bool:
        """Wait for the lock: who comes to look at it then finds it taken already."""
        try:
            self._run("lock", which=_SLEEPING)
        except psycopg.errors.LockNotAvailable:
            self._drop(_SLEEPER)  # an application holds it, which is none of its business
            return False
        self._held.add(_SLEEPING)
        return True

    def _sleep(self, seconds: float) -> bool:
        """Wait; tell whether there is something to look at."""
        if not self._unheard:
            return self._wait(seconds)
        heard = self._wait(min(seconds, self._pause))
        self._pause = min(self._pause * 2, _LONGEST)
        # Who ended has committed, perhaps; who was prepared goes on under another name.
        return heard or not self._unheard <= self._writers()

    def _writers(self) -> set[str]:
        """Return the transactions that have written to the log and have not ended."""
        log = sql.Identifier(self._schema, "_trigger_log").as_string(None)
        return {row[0] for row in self._run("writers_of_log", log=log)}

    def _wait(self, seconds: float) -> bool:
        """Wait for a notification or the wakeup; tell whether either came."""
        heard = bool(self._selector.select(timeout=seconds))
        for _ in self._connection.notifies(timeout=0):
            heard = True
        if not heard:
            self._connection.execute("SELECT 1")
        return heard

    def _try(self, lock: str) -> bool:
        if lock not in self._held and self._run("try_lock", which=lock)[0][0]:
            self._held.add(lock)
        return lock in self._held

    def _drop(self, *locks: str) -> None:
        held = [one for one in locks if one in self._held]
        if held:
            self._run("unlock", locks=held)
            self._held.difference_update(held)

    def _run(self, name: str, **parameters: object) -> list[tuple[str]]:
        cursor = self._connection.execute(query(name), {"schema": self._schema, **parameters})
        return cursor.fetchall() if cursor.description else []
