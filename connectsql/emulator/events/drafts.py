"""Which events a transaction makes: merged where records changed alike, cut off where too many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectsql.emulator.events.layout import Layout
from connectsql.emulator.events.netting import Net
from connectsql.emulator.org.schema import SObject

NO_RECORD = "000000000000000AAA"
_MOST_MERGED = 200
LayoutOf = Callable[[SObject], Layout | None]


@dataclass(slots=True)
class Draft:
    """An event yet without the circumstances of its transaction but its place in it."""

    layout: Layout
    kind: str
    sequence: int
    record_ids: list[str]
    body: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    nulled: list[str] = field(default_factory=list)


class Drafts:
    """The events of one transaction.

    ``most`` changes get events of their own; of what is beyond, one event for each object
    says that there was more. An update counts once for each field that it changed.
    """

    def __init__(self, layout_of: LayoutOf, most: int) -> None:
        self.made: list[Draft] = []
        self._layout_of = layout_of
        self._left = most
        self._sequence = 0
        self._alike: dict[Hashable, Draft] = {}

    def add_all(self, nets: Iterable[Net]) -> None:
        """Add what became of each record."""
        for net in nets:
            layout = self._layout_of(net.sobject)
            if layout is None:
                self._sequence += 1  # as in an org, what is not selected leaves a gap
            elif net.kind == "UPDATE":
                self._add_update(layout, net)
            else:
                self._add_whole(layout, net)

    def _add_update(self, layout: Layout, net: Net) -> None:
        changed = layout.changed(net.before, net.after)
        if not changed:
            return
        if not self._has_room(len(changed)):
            self._overflow(layout)
            return
        values = [net.after.get(name) for name in changed]
        key = (layout.sobject.name, *changed, *values)
        if self._merge(key, net.record_id):
            return
        draft = self._new(layout, net.kind, net.record_id)
        draft.body = layout.part(net.after, changed)
        draft.changed = changed
        draft.nulled = [name for name, value in zip(changed, values, strict=True) if value is None]
        self._alike[key] = draft

    def _add_whole(self, layout: Layout, net: Net) -> None:
        if not self._has_room(1):
            self._overflow(layout)
            return
        if net.kind != "DELETE":
            self._new(layout, net.kind, net.record_id).body = layout.whole(net.after)
        elif not self._merge(layout.sobject.name, net.record_id):
            draft = self._new(layout, net.kind, net.record_id)
            self._alike[layout.sobject.name] = draft

    def _has_room(self, changes: int) -> bool:
        self._left -= changes
        return self._left >= 0

    def _overflow(self, layout: Layout) -> None:
        key = ("GAP_OVERFLOW", layout.sobject.name)
        if key not in self._alike:
            self._alike[key] = self._new(layout, "GAP_OVERFLOW", NO_RECORD)

    def _merge(self, key: Hashable, record_id: str) -> bool:
        """Add a record to an event of the same change, if there is one with room."""
        alike = self._alike.get(key)
        if alike is None or len(alike.record_ids) >= _MOST_MERGED:
            return False
        alike.record_ids.append(record_id)
        return True

    def _new(self, layout: Layout, kind: str, record_id: str) -> Draft:
        self._sequence += 1
        draft = Draft(layout, kind, self._sequence, [record_id])
        self.made.append(draft)
        return draft
