"""Whether a query can be run as a bulk job; told when the job is made."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import COMPOSED, Field
from connectsql.emulator.soql.bound import Column, Record
from connectsql.emulator.soql.errors import nested_too_deeply
from connectsql.emulator.soql.groups import is_grouped
from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.run import Source, bind
from connectsql.emulator.soql.syntax import Call, Chosen, Query, Typeof
from connectsql.emulator.wire.errors import Refusal


def checked(org: OrgCore, text: str, job: str = "Bulk V2 Query") -> str:
    """Return the object that a query reads, or raise the refusal of the query.

    ``job`` is what messages call the job whose result is CSV.
    """
    try:
        query = parse(text)
        _refuse_clauses(query, job)
        bound = bind(Source.of(org), text)
    except RecursionError:
        raise nested_too_deeply() from None
    if isinstance(bound.result, Record):
        for field in _fields(bound.result):
            _refuse_field(field, job)
    return bound.table.sobject.name


def _refuse_clauses(query: Query, job: str) -> None:
    if query.grouping:
        raise _unfit(f"GROUP BY not supported in {job}")
    if query.offset:
        raise _unfit(f"OFFSET not supported in {job}")
    for one in query.selected:
        if isinstance(one, Query):
            raise _unfit(f"Aggregate Relationships not supported in {job} with CSV content type")
        if isinstance(one, Typeof):
            raise _unfit(f"TypeOf expressions not supported in {job} with CSV content type")
        if isinstance(one, Chosen) and isinstance(one.expression, Call):
            _refuse_fields(str(one.expression), job)
    if is_grouped(query):
        raise _unfit(f"Aggregate query not supported in {job}")


def _refuse_fields(call: str, job: str) -> None:
    if call.upper() in ("FIELDS(ALL)", "FIELDS(CUSTOM)"):
        raise _unfit(f"{call.upper()} not supported in {job}")


def _refuse_field(field: Field, job: str) -> None:
    if field.type in COMPOSED:
        raise _unfit("Selecting compound data not supported in Bulk Query")
    if field.type == "base64":
        raise _unfit(f"Blob field not supported in {job} with CSV content type")


def _fields(record: Record) -> Iterator[Field]:
    for _, member in record.members:
        if isinstance(member, Record):
            yield from _fields(member)
        elif isinstance(member, Column):
            yield member.field


def _unfit(message: str) -> Refusal:
    return Refusal("FUNCTIONALITY_NOT_ENABLED", message)
