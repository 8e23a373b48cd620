"""Runs a query and gives its first page; the rest is kept for its locators."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.cursors import Cursor, Cursors
from connectsql.emulator.org.schema import Schema
from connectsql.emulator.org.store import Store
from connectsql.emulator.soql.bound import BoundQuery, Groups
from connectsql.emulator.soql.check import Setting, check
from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.plan import plan
from connectsql.emulator.soql.shape import ChildrenShape, Columns, Part
from connectsql.emulator.soql.translate import Statement, children
from connectsql.emulator.wire.errors import Refusal

_ONE_BATCH = (
    "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single "
    "batch"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page of a result: the JSON of its records, and the locator of the page that follows."""

    total: int
    records: list[str]
    next: str | None
    object: str

    def body(self, root: str) -> str:
        """Return the JSON of the page; ``root`` is the version's, ``/services/data/v60.0``."""
        url = f'"nextRecordsUrl":"{root}/query/{self.next}",' if self.next else ""
        done = "false" if self.next else "true"
        records = ",".join(self.records)
        return f'{{"totalSize":{self.total},"done":{done},{url}"records":[{records}]}}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where queries find their names, their rows, and keep what does not fit one page."""

    schema: Schema
    store: Store
    cursors: Cursors
    setting: Setting

    @classmethod
    def of(cls, org: OrgCore) -> Source:
        """Return what queries of this org read."""
        setting = Setting(today=org.now().date(), user_id=org.user_id)
        return cls(schema=org.schema, store=org.store, cursors=org.cursors, setting=setting)


def bind(source: Source, text: str) -> BoundQuery:
    """Return a query with its names found and its values typed, or raise its refusal."""
    return check(parse(text), source.schema, source.setting, text)


def run(source: Source, text: str, *, root: str, page_size: int, deleted: bool) -> Page:
    """Run a query. ``root`` is the version's root for urls, ``/services/data/v60.0``."""
    made = plan(source.schema, source.setting, text, deleted=deleted)
    sql, values = made.statement.sql, made.statement.values
    if made.shape is None:
        total = source.store.first(sql, values)[0][0]
        return Page(total=total, records=[], next=None, object=made.object)
    rows = source.store.first(sql, values, most=page_size + 1)
    if len(rows) <= page_size:
        number = source.cursors.next_query()
        around = _Around(source, root, page_size, number, deleted)
        records = made.shape.texts(_columns(rows), around) if rows else []
        return Page(total=len(rows), records=records, next=None, object=made.object)
    if isinstance(made.query.result, Groups):
        raise Refusal("EXCEEDED_ID_LIMIT", _ONE_BATCH)
    cursor = source.cursors.open(
        made.statement,
        query=source.cursors.next_query(),
        page_size=page_size,
        object=made.object,
        shape=made.shape,
        deleted=deleted,
    )
    return page(source, cursor, 0, root)


def chunks_of(
    source: Source, text: str, *, name: str, root: str, size: int, deleted: bool
) -> Iterator[list[str]]:
    """Run a query and give the JSON of its records, so many at a time, as they are now.

    The result is kept under a name of its own, such as the id of a job, until the end.
    """
    made = plan(source.schema, source.setting, text, deleted=deleted)
    if made.shape is None:
        return
    around = _Around(source, root, size, source.cursors.next_query(), deleted)
    total = source.store.keep(name, made.statement.sql, made.statement.values)
    try:
        for start in range(0, total, size):
            rows = source.store.kept(name, start, size)
            yield made.shape.texts(_columns(rows), around)
    finally:
        source.store.forget(name)


def page(source: Source, cursor: Cursor, start: int, root: str) -> Page:
    """Return the page of a kept result that begins at ``start``."""
    rows = source.cursors.page(cursor, start)
    end = start + len(rows)
    around = _Around(source, root, cursor.page_size, cursor.query, cursor.deleted)
    return Page(
        total=cursor.total,
        records=cursor.shape.texts(_columns(rows), around),
        next=f"{cursor.id}-{end}" if end < cursor.total else None,
        object=cursor.object,
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What shaping a page needs: it reads the children of all its records at once."""

    source: Source
    root: str
    page_size: int
    query: int
    deleted: bool

    def children(self, one: ChildrenShape, parents: Sequence[str | None]) -> list[str]:
        """Return the JSON of the children of each of some records."""
        ids = [key for key in dict.fromkeys(parents) if key is not None]
        statement = children(one.children, one.columns, deleted=self.deleted)
        rows = self._read(_of(ids, statement))
        if not rows:
            return ["null"] * len(parents)
        shaped = iter(one.shape.texts(_columns(rows)[1:], self))
        found = {}
        for parent, group in groupby(rows, itemgetter(0)):
            records = [next(shaped) for _ in group]
            found[parent] = self._listed(one, statement, parent, records)
        return [found.get(key, "null") for key in parents]

    def _read(self, statement: Statement) -> list[tuple[Any, ...]]:
        """Read children, of a further page too late if a field of theirs was dropped since."""
        try:
            return self.source.store.first(statement.sql, statement.values)
        except sqlite3.OperationalError as error:
            if "no such" not in str(error):
                raise
            raise Refusal("INVALID_QUERY_LOCATOR", "invalid query locator") from error

    def _listed(
        self, one: ChildrenShape, statement: Statement, parent: str, records: list[str]
    ) -> str:
        locator = None
        if len(records) > self.page_size:
            cursor = self.source.cursors.open(
                _of([parent], statement),
                query=self.query,
                page_size=self.page_size,
                object=one.object,
                shape=_Tail(one.shape),
                deleted=self.deleted,
            )
            locator = f"{cursor.id}-{self.page_size}"
        return Page(
            total=len(records),
            records=records[: self.page_size],
            next=locator,
            object=one.object,
        ).body(self.root)


@dataclass(frozen=True, slots=True)
class _Tail:
    """The shape of children in a kept result, whose first column is their parent."""

    shape: Part

    def texts(self, columns: Columns, around: Any) -> list[str]:
        """Return the record in each row."""
        return self.shape.texts(columns[1:], around)


def _columns(rows: list[tuple[Any, ...]]) -> Columns:
    return list(zip(*rows, strict=True))


def _of(parents: list[str], statement: Statement) -> Statement:
    """Return the statement for the children of these parents."""
    return Statement(statement.sql, (json.dumps(parents), *statement.values))
