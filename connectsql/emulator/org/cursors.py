"""Results that take several pages: kept as they were when the query ran.

A locator is ``<id>-<start>``, as in ``01gEm0000000001AAA-2000``. Only so many results are
kept; the oldest is given up first, and its locator is refused from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.store import Store
from connectsql.emulator.wire.errors import Refusal

_PREFIX = "01g"
_MOST = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """A kept result. ``shape`` turns its rows into records for an API version's root."""

    id: str
    total: int
    page_size: int
    object: str
    shape: Callable[[list[tuple[Any, ...]], str], list[dict[str, Any]]]


class Cursors:
    """The results that are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Cursor] = {}
        self._opened = 0

    def open(
        self,
        statement: str,
        values: Sequence[Any],
        *,
        page_size: int,
        sobject: str,
        shape: Callable[[list[tuple[Any, ...]], str], list[dict[str, Any]]],
    ) -> Cursor:
        """Keep the result of a statement."""
        if len(self._kept) >= _MOST:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._store.forget(oldest)
        self._opened += 1
        name = ids.make_id(_PREFIX, self._opened)
        total = self._store.keep(name, statement, values)
        cursor = Cursor(id=name, total=total, page_size=page_size, object=sobject, shape=shape)
        self._kept[name] = cursor
        return cursor

    def page(self, cursor: Cursor, start: int) -> list[tuple[Any, ...]]:
        """Return the rows of the page that begins at ``start``; the first row is 0."""
        return self._store.kept(cursor.id, start, cursor.page_size)

    def find(self, locator: str) -> tuple[Cursor, int]:
        """Return the result that a locator belongs to, and where its page begins."""
        name, _, start = locator.partition("-")
        cursor = self._kept.get(name)
        if cursor is None or not start.isdigit() or int(start) >= cursor.total:
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor, int(start)
