"""sObject collections: up to 200 records written, 2,000 read, in one call.

Rows are flat (see ``record``). Each row has its own outcome; one that fails holds back no
other. Writes are never repeated here: after a lost answer the caller decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectsql.errors import OrgUnreachable
from connectsql.salesforce.answer import Answer, complaint
from connectsql.salesforce.record import nest
from connectsql.salesforce.session import Session

WRITE_LIMIT = 200  # rows in one write call
READ_LIMIT = 2000  # ids in one retrieve call

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RowResult:
    """What became of one row.

    ``id`` is the record's (18 characters) where the org names it. ``code``, ``message`` and
    ``fields`` are the first error's, ``""`` and ``()`` on success; further errors follow in
    ``message``. ``created`` tells an upsert's insert from its update.
    """

    id: str | None
    success: bool
    created: bool = False
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


class Collections:
    """Collection calls over a session.

    Every write takes at most 200 rows (ValueError beyond), returns one RowResult per row in
    order, and raises ApiError when the call as a whole was refused, OrgUnreachable when its
    outcome is unknown (``sent``) or it never left.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, name: str, rows: Sequence[Row]) -> list[RowResult]:
        """Insert records of object ``name``."""
        return self._write("POST", "composite/sobjects", name, rows, created=True)

    def update(self, name: str, rows: Sequence[Row]) -> list[RowResult]:
        """Update records of object ``name``; each row holds its ``Id``."""
        if any("Id" not in row for row in rows):
            raise ValueError(f"a row to update {name} has no Id")
        return self._write("PATCH", "composite/sobjects", name, rows)

    def upsert(self, name: str, external_id: str, rows: Sequence[Row]) -> list[RowResult]:
        """Update the record whose ``external_id`` field has the row's value, or insert it."""
        if any(row.get(external_id) is None for row in rows):
            raise ValueError(f"a row to upsert {name} has no {external_id}")
        return self._write("PATCH", f"composite/sobjects/{name}/{external_id}", name, rows)

    def delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Delete records, of any objects, by Id."""
        _refuse_many(ids)
        if not ids:
            return []
        params = {"ids": ",".join(ids), "allOrNone": "false"}
        answer = self._session.call("DELETE", "composite/sobjects", params=params, idempotent=False)
        return _results(answer, len(ids))

    def retrieve(
        self, name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> list[dict[str, Any] | None]:
        """Return the records with ``ids`` in order, None for one that is not to be seen.

        Any number of ids; 2,000 go into one call. Raises as Session.call does, and ApiError
        for an unknown field.
        """
        records: list[dict[str, Any] | None] = []
        for some in _chunks(ids, READ_LIMIT):
            body = {"ids": some, "fields": list(fields)}
            path = f"composite/sobjects/{name}"
            answer = self._session.call("POST", path, json=body, idempotent=True)
            records += _rows(answer, len(some))
        return records

    def _write(
        self, method: str, path: str, name: str, rows: Sequence[Row], *, created: bool = False
    ) -> list[RowResult]:
        _refuse_many(rows)
        if not rows:
            return []
        body = {"allOrNone": False, "records": [_record(name, row) for row in rows]}
        answer = self._session.call(method, path, json=body, idempotent=False)
        return _results(answer, len(rows), created=created)


def read_result(item: Mapping[str, Any], *, created: bool = False) -> RowResult:
    """Return one row of an answer read; ``created`` is what success means without a word."""
    success = item.get("success") is True
    if success:
        made = bool(item.get("created", created))
        return RowResult(id=item.get("id"), success=True, created=made)
    errors: list[dict[str, Any]] = item.get("errors") or [{}]
    complaints = [complaint(error) for error in errors]
    first, others = complaints[0], complaints[1:]
    return RowResult(
        id=item.get("id"),
        success=False,
        code=first.code,
        message="; ".join([first.message, *map(str, others)]),
        fields=first.fields,
    )


def _record(name: str, row: Row) -> dict[str, Any]:
    """Return a row's body; collections call the record's own id ``id``."""
    return nest(name, {"id" if path == "Id" else path: value for path, value in row.items()})


def _refuse_many(rows: Sequence[Any]) -> None:
    if len(rows) > WRITE_LIMIT:
        raise ValueError(f"{len(rows)} rows in one call; Salesforce takes {WRITE_LIMIT}")


def _chunks(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _results(answer: Answer, expected: int, *, created: bool = False) -> list[RowResult]:
    return [read_result(item or {}, created=created) for item in _rows(answer, expected)]


def _rows(answer: Answer, expected: int) -> list[Any]:
    rows = answer.body
    if not isinstance(rows, list) or any(not isinstance(row, dict | None) for row in rows):
        raise OrgUnreachable("the answer to a collection call is not a list of rows")
    if len(rows) != expected:
        raise OrgUnreachable(f"{expected} rows were sent and {len(rows)} results came back")
    return rows
