"""Log entries become changes to send. Pure: no connection, no clock.

Changes of one record keep their order. ``merged`` folds what waits together: an insert and
its updates are one insert, several updates are one, and a delete makes the rest pointless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest

from connectsql.database.trigger_log import Entry


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is to be sent of one record: one entry, or several folded into one.

    ``columns`` are the changed ones, None for all. ``values`` are the logged values, None
    where the row itself is read when it is sent.
    """

    entries: tuple[Entry, ...]
    action: str
    columns: frozenset[str] | None
    values: dict[str, str | None] | None
    sfid: str | None
    moved_to: int | None = None

    @property
    def record_id(self) -> int:
        """The row's id."""
        return self.claimed_id if self.moved_to is None else self.moved_to

    @property
    def claimed_id(self) -> int:
        """The id that the row had when its entries were claimed, by which the claim knows it."""
        return self.entries[0].record_id

    def follow(self, current: Mapping[int, int]) -> Change:
        """Return the change of the row under its present id; ``current`` has it by entry."""
        now = current.get(self.entries[-1].id, self.record_id)
        return self if now == self.record_id else replace(self, moved_to=now)

    @property
    def ids(self) -> list[int]:
        """The entries' ids."""
        return [entry.id for entry in self.entries]

    @property
    def attempts(self) -> int:
        """How often the change has been claimed, this time included."""
        return max(entry.attempts for entry in self.entries)

    @property
    def sent_at(self) -> datetime | None:
        """When (by the org's clock) a call of unknown outcome was made for it, or None."""
        return min((entry.sent_at for entry in self.entries if entry.sent_at), default=None)

    def split(self) -> tuple[Change, Change | None]:
        """Return the part that was sent before, with unknown outcome, and what came since."""
        sent = [entry for entry in self.entries if entry.sent_at]
        fresh = [entry for entry in self.entries if not entry.sent_at]
        rest = replace(_change(fresh), moved_to=self.moved_to) if fresh else None
        return replace(_change(sent), moved_to=self.moved_to), rest


def waves(entries: Iterable[Entry], ordered: Callable[[str], bool]) -> list[list[Change]]:
    """Return what can be sent together: each wave holds at most one change of a record.

    ``ordered`` tells whether a table's changes are to be sent one by one.
    """
    records: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        records.setdefault((entry.table, entry.record_id), []).append(entry)
    queues = [
        [_change([entry]) for entry in found] if ordered(table) else _merge(found)
        for (table, _), found in records.items()
    ]
    return [[one for one in wave if one is not None] for wave in zip_longest(*queues)]


def _merge(entries: Sequence[Entry]) -> list[Change]:
    """Fold one record's entries; what follows a delete is another record's beginning."""
    groups: list[list[Entry]] = [[]]
    for entry in entries:
        if groups[-1] and groups[-1][-1].action == "DELETE":
            groups.append([])
        groups[-1].append(entry)
    return [_change(group) for group in groups]


def _change(entries: Sequence[Entry]) -> Change:
    sfid = next((entry.sfid for entry in reversed(entries) if entry.sfid), None)
    actions = {entry.action for entry in entries}
    action = next(one for one in ("DELETE", "INSERT", "UPDATE") if one in actions)
    return Change(
        entries=tuple(entries),
        action=action,
        columns=_columns(entries) if action == "UPDATE" else None,
        values=_values(entries),
        sfid=sfid,
    )


def _columns(entries: Sequence[Entry]) -> frozenset[str] | None:
    """An entry that was requeued from an archive without values may have changed any column."""
    if any(entry.values is None for entry in entries):
        return None
    return frozenset(name for entry in entries for name in entry.values or ())


def _values(entries: Sequence[Entry]) -> dict[str, str | None] | None:
    if any(entry.values is None for entry in entries):
        return None
    return {name: value for entry in entries for name, value in (entry.values or {}).items()}
