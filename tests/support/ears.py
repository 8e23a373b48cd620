"""Who listens to a trigger log beside the agent, and what locks show of agents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

PATIENCE = 60.0  # seconds: only what fails waits so long
_MARK = "that is all"
_HELD = """
    SELECT which FROM unnest(ARRAY['sleeping', 'awake', 'sleeper']) AS which
    CROSS JOIN hashtextextended('connectsql.' || which || ' ' || %s, 0) AS key
    JOIN pg_locks ON locktype = 'advisory' AND granted AND mode = 'ExclusiveLock'
        AND (classid::bigint << 32 | objid::bigint) = key
    WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Ear:
    """A session that listens on both channels of a schema."""

    def __init__(
        self, listening: psycopg.Connection[Any], marking: psycopg.Connection[Any], schema: str
    ) -> None:
        self._listening = listening
        self._marking = marking
        for channel in (f"{schema}.connectsql", f"{schema}.hc_trigger_log", _MARK):
            listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def heard(self) -> list[str]:
        """Return what was committed for it since it was asked last: channels without schema.

        Notifications come in the order of their commits, so that nothing can follow the mark.
        """
        self._marking.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(_MARK)))
        heard: list[str] = []
        for one in self._listening.notifies(timeout=PATIENCE):
            if one.channel == _MARK:
                return heard
            heard.append(" ".join([one.channel.rpartition(".")[2], one.payload]).strip())
        raise AssertionError(f"the mark never came, only {heard}")


@contextmanager
def ear(database: str, schema: str) -> Iterator[Ear]:
    """Give an ear to a schema."""
    with (
        psycopg.connect(database, autocommit=True) as listening,
        psycopg.connect(database, autocommit=True) as marking,
    ):
        yield Ear(listening, marking, schema)


def held(session: psycopg.Connection[Any], schema: str) -> set[str]:
    """Return which of an agent's locks are held: ``sleeping``, ``sleeper``, ``awake``."""
    return {row[0] for row in session.execute(_HELD, (schema,))}
