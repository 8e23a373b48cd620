"""Notes in the database what became of changes: log entries, rows, sfids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from connectsql.agent.plan import Nothing, Operation
from connectsql.agent.verdicts import Done, Fate, Later, Refused, Unknown
from connectsql.database.connection import Connection, errors
from connectsql.database.rows import Rows, Written
from connectsql.database.trigger_log import Outcome, TriggerLog
from connectsql.errors import DatabaseBusy

Fates = Sequence[tuple[Operation, Fate]]

_TAKEN = "Salesforce has this as record {sfid}, which is another row of {table} already"


class Recorder:
    """Notes fates, each set of them in one transaction.

    What Salesforce has done cannot be done again, so a lock of an application is waited for
    as long as it takes. ``wait`` pauses for some seconds.
    """

    def __init__(
        self, connection: Connection, log: TriggerLog, wait: Callable[[float], object]
    ) -> None:
        self._connection = connection
        self._log = log
        self._wait = wait

    def fates(self, rows: Rows, fates: Fates) -> None:
        """Note what became of operations on one table."""
        self._patiently(lambda: self._note(rows, fates))

    def nothing(self, rows: Rows, decided: Sequence[Nothing]) -> None:
        """Note changes that needed no call."""
        self._patiently(lambda: self._note_nothing(rows, decided))

    def ambiguous(self, rows: Rows, operations: Sequence[Operation]) -> None:
        """Note inserts that were not sent, because an earlier one may have been done."""
        self._patiently(lambda: self._note(rows, [(one, Unknown()) for one in operations]))

    def _patiently(self, note: Callable[[], None]) -> None:
        while True:
            try:
                with errors("noting what was sent"), self._connection.transaction():
                    note()
            except DatabaseBusy:
                self._wait(0.1)
            else:
                return

    def _note(self, rows: Rows, fates: Fates) -> None:
        outcomes: list[Outcome] = []
        done = [(one, fate) for one, fate in fates if isinstance(fate, Done)]
        refused = [(one, fate.message) for one, fate in fates if isinstance(fate, Refused)]
        unknown = [(one, fate) for one, fate in fates if isinstance(fate, Unknown)]
        refused += self._written(rows, done, outcomes)
        for one, message in refused:
            outcomes += _outcomes(one, "FAILED", message)
        self._log.finish(outcomes)
        for one, fate in unknown:
            self._log.park_ambiguous(one.change.ids, fate.message)
        self._postpone((one, fate) for one, fate in fates if isinstance(fate, Later))
        rows.note_refused(
            [(one.change.record_id, message) for one, message in refused]
            + [(one.change.record_id, fate.message) for one, fate in unknown]
        )

    def _written(
        self, rows: Rows, done: list[tuple[Operation, Done]], outcomes: list[Outcome]
    ) -> list[tuple[Operation, str]]:
        """Store sfids; return those that belong to another row already."""
        written = [
            Written(
                id=one.change.record_id,
                sfid=fate.sfid or "",
                lastop="INSERTED" if fate.created else "UPDATED",
            )
            for one, fate in done
            if one.kind != "delete"
        ]
        taken = rows.note_written(written)
        lost = {one.id: one.sfid for one in written if one.id not in taken}
        standing = rows.existing(list(lost)) if lost else set()
        gone = [(id_, sfid) for id_, sfid in lost.items() if id_ not in standing]
        if gone:
            self._log.delete_after_all(rows.table.name, gone)
        refused = []
        for one, fate in done:
            if one.kind != "delete" and one.change.record_id in standing:
                message = _TAKEN.format(sfid=fate.sfid, table=rows.table.name)
                refused.append((one, message))
            else:
                outcomes += _outcomes(one, "SUCCESS", None, sfid=fate.sfid)
        return refused

    def _postpone(self, later: Iterable[tuple[Operation, Later]]) -> None:
        together: dict[Later, list[int]] = defaultdict(list)
        for one, fate in later:
            together[fate] += one.change.ids
        for fate, ids in together.items():
            self._log.requeue(ids, delay=fate.delay, message=fate.message)

    def _note_nothing(self, rows: Rows, decided: Sequence[Nothing]) -> None:
        self._log.finish(
            [
                Outcome(id=id_, state=one.state, message=one.message)
                for one in decided
                for id_ in one.change.ids
            ]
        )
        rows.note_refused(
            [(one.change.record_id, one.message or "") for one in decided if one.state == "FAILED"]
        )


def _outcomes(
    operation: Operation, state: str, message: str | None, *, sfid: str | None = None
) -> list[Outcome]:
    """The last entry of a folded change tells what became of it; the rest were merged."""
    *merged, last = operation.change.ids
    return [
        *(Outcome(id=id_, state="MERGED") for id_ in merged),
        Outcome(id=last, state=state, message=message, sfid=sfid),
    ]
