"""Results that take several pages: kept as they were when the query ran.

A locator is ``<id>-<start>``, as in ``01gEm00VF2tBcm1AAA-2000``. The results of so many queries
are kept; those of the oldest are given up first, and those that nobody asked for in a while.
Numbers begin at the clock, so that a locator of an earlier run leads to no result of this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectsql.emulator.org import ids
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.store import Store
from connectsql.emulator.wire.errors import Refusal

IDLE = timedelta(minutes=15)
"""How long a locator lives after it was last used."""

_PREFIX = "01g"
_MOST = 10


class Selection(Protocol):
    """A statement whose rows are to be kept."""

    @property
    def sql(self) -> str:
        """The SQL."""

    @property
    def values(self) -> tuple[Any, ...]:
        """The values of its parameters."""


@dataclass(kw_only=True, slots=True)
class Cursor:
    """A kept result. ``query`` numbers the query that it is of: with children it has several.

    ``shape`` is what the query wants its rows to become, ``deleted`` whether it sees the
    recycle bin.
    """

    id: str
    query: int
    total: int
    page_size: int
    object: str
    shape: Any
    deleted: bool
    used: datetime


class Cursors:
    """The results that are kept."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now
        self._kept: dict[str, Cursor] = {}
        self._opened = int(now().timestamp() * 1000)
        self._queries = 0

    def next_query(self) -> int:
        """Return a number for a query whose results may have to be kept."""
        self._queries += 1
        return self._queries

    def open(
        self,
        statement: Selection,
        *,
        query: int,
        page_size: int,
        object: str,
        shape: Any,
        deleted: bool,
    ) -> Cursor:
        """Keep the result of a statement."""
        self._make_room(query)
        self._opened += 1
        name = ids.make_id(_PREFIX, self._opened)
        cursor = Cursor(
            id=name,
            query=query,
            total=self._store.keep(name, statement.sql, statement.values),
            page_size=page_size,
            object=object,
            shape=shape,
            deleted=deleted,
            used=self._now(),
        )
        self._kept[name] = cursor
        return cursor

    def page(self, cursor: Cursor, start: int) -> list[tuple[Any, ...]]:
        """Return the rows of the page that begins at ``start``; the first row is 0."""
        return self._store.kept(cursor.id, start, cursor.page_size)

    def find(self, locator: str) -> tuple[Cursor, int]:
        """Return the result that a locator belongs to, and where its page begins."""
        self._forget_idle()
        name, _, start = locator.partition("-")
        cursor = self._kept.get(name)
        if cursor is None or not start.isdecimal() or int(start) >= cursor.total:
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        cursor.used = self._now()
        return cursor, int(start)

    def _make_room(self, query: int) -> None:
        self._forget_idle()
        queries = dict.fromkeys(cursor.query for cursor in self._kept.values())
        if query not in queries and len(queries) >= _MOST:
            oldest = next(iter(queries))
            self._forget([one for one in self._kept.values() if one.query == oldest])

    def _forget_idle(self) -> None:
        last = self._now() - IDLE
        self._forget([one for one in self._kept.values() if one.used < last])

    def _forget(self, cursors: list[Cursor]) -> None:
        for cursor in cursors:
            del self._kept[cursor.id]
            self._store.forget(cursor.id)
