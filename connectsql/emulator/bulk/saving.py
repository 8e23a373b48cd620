"""Does to one record what a job's operation says, and tells what came of each row.

Rows are worked on 200 at a time, as triggers see them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from connectsql.emulator.bulk.columns import Body
from connectsql.emulator.org import ids, values
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.wire.errors import Refusal, refuse_row

CHUNK = 200

Saved = tuple[str | None, bool, str | None]  # id, created, error
Row = Body | Refusal


class Saver:
    """An operation on the records of one object; ``key`` is an upsert's external id."""

    def __init__(self, org: OrgCore, sobject: SObject, operation: str, key: Field | None) -> None:
        self._org = org
        self._sobject = sobject
        self._records = org.records(sobject)
        self._operation = operation
        self._key = key
        self._identifier = _identifier(sobject, operation, key)

    def save(self, rows: Sequence[Row]) -> list[Saved]:
        """Save up to 200 rows; a row that is a refusal is answered so.

        Whoever calls opens the transaction.
        """
        act = self._action(self._repeated(rows))
        return [self._saved(row, act) for row in rows]

    def _saved(self, row: Row, act: Callable[[Body], tuple[str, bool]]) -> Saved:
        try:
            if isinstance(row, Refusal):
                raise row
            record_id, created = act(row)
        except Refusal as refusal:
            given = None if isinstance(row, Refusal) else row.get("Id")
            known = ids.normalise(given) if isinstance(given, str) else None
            return known, False, as_text(self._reworded(row, refusal))
        return record_id, created, None

    def _action(self, repeated: set[Any]) -> Callable[[Body], tuple[str, bool]]:
        """Return what is done to a row; it gives the record's id and whether that is new."""
        plain = {
            "insert": self._insert,
            "update": self._update,
            "upsert": self._upsert,
            "delete": self._delete,
            "hardDelete": self._hard_delete,
        }[self._operation]
        if not repeated or self._identifier is None:
            return plain
        name = self._identifier.name
        what = "id" if self._identifier.type == "id" else "external id"

        def act(body: Body) -> tuple[str, bool]:
            if self._told(body) in repeated:
                message = f"Duplicate {what} specified: {body[name]}"
                raise refuse_row("DUPLICATE_VALUE", message, name)
            return plain(body)

        return act

    def _insert(self, body: Body) -> tuple[str, bool]:
        return self._records.create(body), True

    def _update(self, body: Body) -> tuple[str, bool]:
        record_id = self._id(body, "update")
        self._records.update(record_id, {k: v for k, v in body.items() if k != "Id"})
        return record_id, False

    def _upsert(self, body: Body) -> tuple[str, bool]:
        if self._key is None or self._key.type == "id":
            return self._update(body) if body.get("Id") else self._insert(body)
        rest = {name: value for name, value in body.items() if name != self._key.name}
        return self._records.upsert(self._key, body.get(self._key.name), rest)

    def _delete(self, body: Body) -> tuple[str, bool]:
        record_id = self._id(body, "delete")
        self._org.bin.delete(self._sobject, record_id)
        return record_id, False

    def _hard_delete(self, body: Body) -> tuple[str, bool]:
        record_id, _ = self._delete(body)
        self._org.bin.purge(self._sobject, record_id)
        return record_id, False

    def _id(self, body: Body, operation: str) -> str:
        given = body.get("Id")
        if not given:
            raise refuse_row("MISSING_ARGUMENT", f"Id not specified in an {operation} call")
        return self._records.own_id(given)

    def _repeated(self, rows: Sequence[Row]) -> set[Any]:
        """Return the identifiers that several of the rows have."""
        if self._identifier is None:
            return set()
        told = (self._told(row) for row in rows if not isinstance(row, Refusal))
        return {one for one, times in Counter(told).items() if times > 1 and one is not None}

    def _told(self, body: Body) -> Any:
        """Return the row's identifier in a form that can be compared."""
        assert self._identifier is not None
        value = body.get(self._identifier.name)
        if not isinstance(value, str):
            return value if isinstance(value, int | float) else None
        if self._identifier.type == "id":
            return ids.normalise(value) or value
        return value.casefold() if self._identifier.folds_case else value

    def _reworded(self, row: Row, refusal: Refusal) -> Refusal:
        """Return the refusal as a job has it: of a value of the wrong type, its field is told."""
        if refusal.code != "JSON_PARSER_ERROR" or isinstance(row, Refusal):
            return refusal
        for name, value in row.items():
            field = self._sobject.field(name)
            if field and _is_refused(field, value):
                message = f"{field.label}: value not of required type: {value}"
                return refuse_row("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field.name)
        return refusal


def as_text(refusal: Refusal) -> str:
    """Return ``CODE:message:fields --``, as results have it."""
    fields = ",".join(refusal.fields or ())
    return f"{refusal.code}:{refusal.message}:{fields + ' ' if fields else ''}--"


def _identifier(sobject: SObject, operation: str, key: Field | None) -> Field | None:
    """Return the field that tells a job's rows apart, if any."""
    if operation == "insert":
        return None
    return key if operation == "upsert" and key else sobject.by_name["id"]


def _is_refused(field: Field, value: Any) -> bool:
    try:
        values.reader(field)(value)
    except Refusal as refusal:
        return refusal.code == "JSON_PARSER_ERROR"
    return False
