"""How an org adds numbers up, given to SQLite as an aggregate.

An org adds decimals. Doubles added one after the other drift; added exactly and rounded once
they give what decimals give.
"""

from __future__ import annotations

import math
import sqlite3

SUM = "soql_sum"


def install(connection: sqlite3.Connection) -> None:
    """Make the aggregate known to a connection."""
    connection.create_aggregate(SUM, 1, _Sum)  # type: ignore[arg-type]  # it may return None


class _Sum:
    """The sum of the values that are not null, or null if there are none."""

    def __init__(self) -> None:
        self._values: list[float] = []

    def step(self, value: float | None) -> None:
        if value is not None:
            self._values.append(value)

    def finalize(self) -> float | None:
        return math.fsum(self._values) if self._values else None
