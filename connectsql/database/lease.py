"""An agent's sign of life. Its claims are its own only as long as its lease runs."""

from __future__ import annotations

import os
import socket
import time

from connectsql.database.connection import Connection, errors
from connectsql.database.queries import query


class Lease:
    """The registration of one agent. ``seconds`` is how long it holds without renewal."""

    def __init__(self, connection: Connection, schema: str, seconds: int) -> None:
        self._connection = connection
        self._seconds = seconds
        self._runs_out = time.monotonic() + seconds
        with errors("registering the agent"):
            row = connection.execute(
                query("register_agent"),
                {
                    "schema": schema,
                    "host": socket.gethostname(),
                    "process": os.getpid(),
                    "lease": seconds,
                },
            ).fetchone()
            connection.execute(query("forget_dead_agents"), {"schema": schema})
        assert row is not None
        self.agent: int = row[0]

    @property
    def renew_after(self) -> float:
        """Seconds between renewals: two may fail before the lease is lost."""
        return self._seconds / 3

    @property
    def runs(self) -> bool:
        """Whether claims may still be acted on, by this process's clock."""
        return time.monotonic() < self._runs_out

    def renew(self) -> bool:
        """Give a sign of life; False where the lease had run out already."""
        asked = time.monotonic()
        with errors("renewing the agent's lease"):
            cursor = self._connection.execute(
                query("stay_alive"), {"agent": self.agent, "lease": self._seconds}
            )
            renewed = cursor.fetchone() is not None
        if renewed:
            self._runs_out = asked + self._seconds
        return renewed

    def end(self) -> None:
        """Leave; what was claimed and not finished is free at once."""
        with errors("signing the agent off"):
            self._connection.execute(query("deregister_agent"), {"agent": self.agent})
