"""Whether a query can be run as a bulk job; told when the job is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectsql.emulator.org.schema import COMPOSED, Field
from connectsql.emulator.soql.bound import Record
from connectsql.emulator.soql.check import check
from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.syntax import Call, Query, Typeof
from connectsql.emulator.wire.errors import Refusal

if TYPE_CHECKING:
    from connectsql.emulator.org.org import Org

_AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING"})
_IN_CSV = "not supported in Bulk V2 Query with CSV content type"


def checked(org: Org, text: str) -> str:
    """Return the object that a query reads, or raise the refusal of the query."""
    query = parse(text)
    _refuse_clauses(query)
    bound = check(query, org.schema, text)
    if isinstance(bound.result, Record):
        for field in _fields(bound.result):
            _refuse_field(field)
    return bound.table.sobject.name


def _refuse_clauses(query: Query) -> None:
    if query.grouping:
        raise _unfit("GROUP BY not supported in Bulk V2 Query")
    if query.offset:
        raise _unfit("OFFSET not supported in Bulk V2 Query")
    for one in query.selected:
        if isinstance(one, Query):
            raise _unfit(f"Aggregate Relationships {_IN_CSV}")
        if isinstance(one, Typeof):
            raise _unfit(f"TypeOf expressions {_IN_CSV}")
        if isinstance(one, Call) and one.function in _AGGREGATES:
            raise _unfit("Aggregate query not supported in Bulk V2 Query")
        if isinstance(one, Call) and one.function == "FIELDS":
            _refuse_fields(str(one.argument))


def _refuse_fields(group: str) -> None:
    if group.upper() in ("ALL", "CUSTOM"):
        raise _unfit(f"FIELDS({group.upper()}) not supported in Bulk V2 Query")


def _refuse_field(field: Field) -> None:
    if field.type in COMPOSED:
        raise _unfit("Selecting compound data not supported in Bulk Query")
    if field.type == "base64":
        raise _unfit(f"Blob field {_IN_CSV}")


def _fields(record: Record) -> Iterator[Field]:
    for _, member in record.members:
        if isinstance(member, Record):
            yield from _fields(member)
        else:
            yield member.field


def _unfit(message: str) -> Refusal:
    return Refusal("FUNCTIONALITY_NOT_ENABLED", message)
