"""Runs a query and gives its first page; the rest is kept for its locators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectsql.emulator.org.cursors import Cursor, Cursors
from connectsql.emulator.org.schema import Schema
from connectsql.emulator.org.store import Store
from connectsql.emulator.soql.bound import BoundQuery, Record
from connectsql.emulator.soql.check import check
from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.shape import AggregateShape, RecordShape
from connectsql.emulator.soql.translate import counted, select

if TYPE_CHECKING:
    from connectsql.emulator.org.org import Org


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page of a result. ``next`` is the locator of the one that follows, if any."""

    total: int
    records: list[dict[str, Any]]
    next: str | None
    object: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where queries find their names, their rows, and keep what does not fit one page."""

    schema: Schema
    store: Store
    cursors: Cursors

    @classmethod
    def of(cls, org: Org) -> Source:
        """Return what queries of this org read."""
        return cls(schema=org.schema, store=org.store, cursors=org.cursors)


def run(source: Source, text: str, *, root: str, page_size: int, deleted: bool) -> Page:
    """Run a query. ``root`` is the version's root for urls, ``/services/data/v60.0``."""
    query = check(parse(text), source.schema, text)
    name = query.table.sobject.name
    if query.result is None:
        return Page(total=_count(source, query, deleted), records=[], next=None, object=name)
    columns: list[str] = []
    shape = (
        RecordShape(query.result, columns)
        if isinstance(query.result, Record)
        else AggregateShape(query.result, columns)
    )
    statement = select(query, columns, deleted=deleted)
    rows = source.store.first(statement.sql, statement.values, most=page_size + 1)
    if len(rows) <= page_size:
        return Page(total=len(rows), records=shape.records(rows, root), next=None, object=name)
    cursor = source.cursors.open(
        statement.sql, statement.values, page_size=page_size, sobject=name, shape=shape.records
    )
    return page(source, cursor, 0, root)


def page(source: Source, cursor: Cursor, start: int, root: str) -> Page:
    """Return the page of a kept result that begins at ``start``."""
    rows = source.cursors.page(cursor, start)
    end = start + len(rows)
    return Page(
        total=cursor.total,
        records=cursor.shape(rows, root),
        next=f"{cursor.id}-{end}" if end < cursor.total else None,
        object=cursor.object,
    )


def _count(source: Source, query: BoundQuery, deleted: bool) -> int:
    statement = counted(select(query, ["1"], deleted=deleted))
    return int(source.store.first(statement.sql, statement.values)[0][0])
