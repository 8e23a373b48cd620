"""Makes the calls: operations of one kind and object go 200 to a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectsql.agent.plan import Operation
from connectsql.agent.verdicts import Fate, of_call, of_row
from connectsql.compiler.model import Table
from connectsql.errors import SalesforceError
from connectsql.salesforce.collections import WRITE_LIMIT, Collections, RowResult


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Operations of one kind on one table that go into one call."""

    table: Table
    kind: str
    operations: tuple[Operation, ...]

    @property
    def entry_ids(self) -> list[int]:
        """The ids of the log entries behind it."""
        return [id_ for operation in self.operations for id_ in operation.change.ids]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A call's outcome: each operation's fate, and the error where the call failed as a whole."""

    fates: list[tuple[Operation, Fate]]
    error: SalesforceError | None = None


def batches(table: Table, kind: str, operations: Sequence[Operation]) -> Iterator[Batch]:
    """Yield the calls that the operations of one kind take."""
    chosen = tuple(one for one in operations if one.kind == kind)
    for start in range(0, len(chosen), WRITE_LIMIT):
        yield Batch(table=table, kind=kind, operations=chosen[start : start + WRITE_LIMIT])


def send(collections: Collections, batch: Batch) -> Sent:
    """Make one call. Errors of Salesforce become fates; nothing of them is raised."""
    try:
        results = _call(collections, batch)
    except SalesforceError as error:
        fates = [
            (one, of_call(error, kind=batch.kind, attempts=one.change.attempts))
            for one in batch.operations
        ]
        return Sent(fates=fates, error=error)
    return Sent(
        fates=[
            (
                one,
                of_row(result, kind=batch.kind, attempts=one.change.attempts, sfid=one.sfid),
            )
            for one, result in zip(batch.operations, results, strict=True)
        ]
    )


def _call(collections: Collections, batch: Batch) -> list[RowResult]:
    name = batch.table.object.name
    bodies = [one.body for one in batch.operations]
    match batch.kind:
        case "delete":
            return collections.delete([one.sfid or "" for one in batch.operations])
        case "update":
            return collections.update(name, bodies)
        case "upsert":
            assert batch.table.identifier is not None
            return collections.upsert(name, batch.table.identifier.path, bodies)
        case _:
            return collections.create(name, bodies)
