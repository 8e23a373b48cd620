"""Notes in the database what became of changes: log entries, rows, sfids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

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

    A row that an application is changing at this moment is not waited for: its fate is kept
    and noted later, and its log entries stay in flight until then, so that nothing else of
    that record is sent. What Salesforce has done cannot be done again, so nothing is dropped.
    """

    def __init__(self, connection: Connection, log: TriggerLog) -> None:
        self._connection = connection
        self._log = log
        self._deferred: list[tuple[Rows, Operation, Fate]] = []

    @property
    def deferred(self) -> bool:
        """Whether fates wait for rows that applications are changing."""
        return bool(self._deferred)

    @property
    def put_off(self) -> set[tuple[str, int]]:
        """The rows, by table and id when claimed, whose fates wait."""
        return {(rows.table.name, one.change.claimed_id) for rows, one, _ in self._deferred}

    def fates(self, rows: Rows, fates: Fates) -> list[str]:
        """Note what became of operations on one table; return the sfids of rows to read back."""
        if not fates:
            return []
        try:
            with errors("noting what was sent"), self._connection.transaction():
                free, busy = self._free(rows, fates)
                self._note(rows, free)
        except DatabaseBusy:  # somebody holds log entries, or has just moved a row elsewhere
            free, busy = [], fates
        self._deferred += [(rows, one, fate) for one, fate in busy]
        done = (fate for one, fate in free if isinstance(fate, Done) and one.kind != "delete")
        return [fate.sfid for fate in done if fate.sfid]

    def nothing(self, decided: Sequence[Nothing]) -> None:
        """Note changes that needed no call."""
        with errors("noting what needs no sending"):
            self._log.finish(
                [
                    Outcome(id=id_, state="IGNORED", message=one.message)
                    for one in decided
                    for id_ in one.change.ids
                ]
            )

    def retry(self) -> dict[str, list[str]]:
        """Note what was put off, where the rows are free by now; sfids to read back by table."""
        put_off, self._deferred = self._deferred, []
        by_table: dict[Rows, list[tuple[Operation, Fate]]] = defaultdict(list)
        for rows, operation, fate in put_off:
            by_table[rows].append((operation, fate))
        return {rows.table.name: self.fates(rows, fates) for rows, fates in by_table.items()}

    def _free(self, rows: Rows, fates: Fates) -> tuple[Fates, Fates]:
        """Lock the rows; return the fates that can be noted, and those that have to wait."""
        ids = {one.change.record_id for one, _ in fates}
        locked = rows.lock(list(ids))
        busy = rows.existing(list(ids - locked))
        # Asked now, the log knows where a row is that was not found, or is not the one meant.
        entries = [one.change.ids[-1] for one, _ in fates]
        current = self._log.current_records(rows.table.name, entries)
        followed = [(replace(one, change=one.change.follow(current)), fate) for one, fate in fates]
        moved = {one.change.record_id for one, _ in followed} - ids
        busy |= moved - rows.lock(list(moved))
        free = [pair for pair in followed if pair[0].change.record_id not in busy]
        return free, [pair for pair in followed if pair[0].change.record_id in busy]

    def _note(self, rows: Rows, fates: Fates) -> None:
        """Note fates whose rows are locked by us, or gone."""
        entries = [id_ for one, _ in fates for id_ in one.change.ids]
        again = rows.waiting([one.change.record_id for one, _ in fates], entries)
        refused = [(one, fate.message) for one, fate in fates if isinstance(fate, Refused)]
        refused += self._written(rows, fates, again)
        unknown = [(one, fate.message) for one, fate in fates if isinstance(fate, Unknown)]
        self._log.finish([out for one, words in refused for out in _outcomes(one, "FAILED", words)])
        for one, words in unknown:
            self._log.park_ambiguous(one.change.ids, words)
        self._postpone((one, fate) for one, fate in fates if isinstance(fate, Later))
        told = [(one.change.record_id, words) for one, words in (*refused, *unknown)]
        rows.note_refused([(id_, words) for id_, words in told if id_ not in again])

    def _written(self, rows: Rows, fates: Fates, again: set[int]) -> list[tuple[Operation, str]]:
        """Note what Salesforce has done; return what belongs to another row already."""
        done = [(one, fate) for one, fate in fates if isinstance(fate, Done)]
        owners = _owners(rows, done)
        refused: list[tuple[Operation, str]] = []
        succeeded: list[tuple[Operation, Done]] = []
        for one, fate in done:
            if owners.get(fate.sfid, one.change.record_id) == one.change.record_id:
                succeeded.append((one, fate))
            else:
                refused.append((one, _TAKEN.format(sfid=fate.sfid, table=rows.table.name)))
        self._store(rows, [pair for pair in succeeded if pair[0].kind != "delete"], again)
        self._log.finish(
            [out for one, fate in succeeded for out in _outcomes(one, "SUCCESS", sfid=fate.sfid)]
        )
        return refused

    def _store(self, rows: Rows, done: list[tuple[Operation, Done]], again: set[int]) -> None:
        """Store sfids in the rows; what was deleted meanwhile is deleted in Salesforce, too."""
        written = [
            Written(
                id=one.change.record_id,
                sfid=fate.sfid,
                lastop="INSERTED" if fate.created else "UPDATED",
            )
            for one, fate in done
        ]
        standing = rows.note_written(written, again)
        gone = [(one.id, one.sfid) for one in written if one.sfid and one.id not in standing]
        if gone:
            self._log.delete_after_all(rows.table.name, gone)

    def _postpone(self, later: Iterable[tuple[Operation, Later]]) -> None:
        together: dict[Later, list[int]] = defaultdict(list)
        for one, fate in later:
            together[fate] += one.change.ids
        for fate, ids in together.items():
            self._log.requeue(ids, delay=fate.delay, message=fate.message, unsure=fate.unsure)


def _owners(rows: Rows, done: Iterable[tuple[Operation, Done]]) -> dict[str | None, int]:
    """Return the row each record belongs to: the one that has its sfid, else the first of these."""
    kept = [(fate.sfid, one.change.record_id) for one, fate in done if one.kind != "delete"]
    owners: dict[str | None, int] = {}
    if kept:
        owners.update(rows.holders([sfid for sfid, _ in kept if sfid]))
    for sfid, id_ in kept:
        owners.setdefault(sfid, id_)
    return owners


def _outcomes(
    operation: Operation, state: str, message: str | None = None, *, sfid: str | None = None
) -> list[Outcome]:
    """The last entry of a folded change tells what became of it; the rest were merged."""
    *merged, last = operation.change.ids
    return [
        *(Outcome(id=id_, state="MERGED") for id_ in merged),
        Outcome(id=last, state=state, message=message, sfid=sfid),
    ]
