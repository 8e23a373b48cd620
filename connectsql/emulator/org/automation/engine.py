"""Runs an org's automation: at each save by an object's plan, and as a transaction ends.

At the end of a transaction the journal tells what changed: formulas that read a changed
parent are computed anew, which moves no stamp and makes no change to be told of, and roll-ups
of changed children are saved to their parents like a user's change. That may change more.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectsql.emulator.hooks import Automation, Trigger
from connectsql.emulator.org.automation.fields import (
    Formula,
    bind_formulas,
    check_computed,
    in_order,
    known_object,
)
from connectsql.emulator.org.automation.handle import Handle, Saver
from connectsql.emulator.org.automation.plan import MOST_DEEP, Depth, Plan
from connectsql.emulator.org.automation.rollup import bind_rollup
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.journal import Change
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.errors import refuse_row

_log = logging.getLogger("connectsql.emulator")


@dataclass(frozen=True, slots=True)
class Watch:
    """Fields of one object that formulas of another one read by way of lookups."""

    fields: frozenset[str] | None
    lookups: tuple[tuple[SObject, Field], ...]


class Engine:
    """The automation of one org."""

    def __init__(
        self,
        data: Data,
        told: Automation,
        records: Callable[[SObject], Saver],
        delete: Callable[[SObject, str], None],
    ) -> None:
        self._data = data
        self._records = records
        self._fresh: dict[str, str] = {}
        check_computed(data.schema, [*told.formulas, *told.rollups])
        formulas = bind_formulas(data.schema, told.formulas, data.now)
        self._rollups = [bind_rollup(data.schema, one, data.now) for one in told.rollups]
        self._plans = self._make_plans(told.triggers, formulas)
        depth, handle = Depth(), Handle(data, records, delete, self.reach)
        for plan in self._plans.values():
            plan.reach, plan.handle, plan.depth = self.reach, handle, depth
        self._watches = _watches(formulas)
        self._timed = {one.sobject: one.changes_with for one in formulas if one.changes_with}

    def plan(self, sobject: SObject) -> Plan | None:
        """Return what is to happen when a record of an object is saved, if anything is."""
        return self._plans.get(sobject.name)

    def reach(self, lookup: Field, record_id: str) -> Record | None:
        """Return the record that a lookup leads to."""
        sobject = self._data.schema.of_id(record_id, lookup.reference_to)
        row = self._data.store.live(sobject, record_id) if sobject else None
        return Record(sobject, row, self.reach) if row else None

    def settle(self) -> None:
        """Bring formulas and roll-ups up to what the transaction under way changed."""
        if not (self._watches or self._rollups or self._plans):
            return
        journal = self._data.journal.changes
        seen, rounds = 0, 0
        derived: list[Change] = []
        while seen < len(journal) or derived:
            changes = [*derived, *journal[seen:]]
            seen, rounds = len(journal), rounds + 1
            if rounds > MOST_DEEP:
                message = "maximum trigger depth exceeded: roll-ups and formulas do not settle"
                raise refuse_row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
            derived = self._derive(self._stale(changes))
            self._roll_up([*derived, *changes])

    def refresh(self) -> None:
        """Compute all formulas and roll-ups anew, as at the start of an org; no stamp moves."""
        with self._data.store.transaction():
            self._refresh_formulas()
            for rollup in self._rollups:
                for record_id in self._data.store.all_ids(rollup.sobject):
                    value = rollup.value(self._data.store, record_id, self.reach)
                    changes = {rollup.field.name: value}
                    self._data.store.update(rollup.sobject, record_id, changes)
            if self._rollups:
                self._refresh_formulas()

    def freshen(self) -> None:
        """Compute those formulas anew whose TODAY() or NOW() is no longer what it was."""
        for sobject, unit in self._timed.items():
            now = self._data.stamp()[: 10 if unit == "day" else 19]
            if self._fresh.get(sobject.name) != now:
                self._fresh[sobject.name] = now
                with self._data.store.transaction():
                    self._derive((sobject, one) for one in self._data.store.all_ids(sobject))

    def _make_plans(self, triggers: list[Trigger], formulas: list[Formula]) -> dict[str, Plan]:
        hooks: dict[str, list[Trigger]] = defaultdict(list)
        for trigger in triggers:
            sobject = known_object(self._data.schema, trigger.object, trigger.place)
            hooks[sobject.name].append(trigger)
        own: dict[str, list[Formula]] = defaultdict(list)
        for formula in formulas:
            own[formula.sobject.name].append(formula)
        return {
            one.name: Plan(one, hooks[one.name], in_order(own[one.name]))
            for one in self._data.schema.objects
            if one.name in hooks or one.name in own
        }

    def _refresh_formulas(self) -> None:
        for plan in self._plans.values():
            if plan.formulas:
                ids = self._data.store.all_ids(plan.sobject)
                self._derive((plan.sobject, one) for one in ids)

    def _stale(self, changes: Iterable[Change]) -> dict[tuple[SObject, str], None]:
        """Return the records whose formulas a change may have changed, each once."""
        stale: dict[tuple[SObject, str], None] = {}
        for change in changes:
            plan = self._plans.get(change.sobject.name)
            if plan and plan.formulas and change.kind in ("UPDATE", "UNDELETE"):
                stale[change.sobject, change.record_id] = None
            for watch in self._watches.get(change.sobject.name, ()):
                if change.kind != "CREATE" and _touches(change, watch.fields):
                    for record_id in self._led_here(watch, change.record_id):
                        stale[watch.lookups[0][0], record_id] = None
        return stale

    def _led_here(self, watch: Watch, record_id: str) -> list[str]:
        found = [record_id]
        for sobject, lookup in reversed(watch.lookups):
            find = self._data.store.find
            found = [child for parent in found for child in find(sobject, lookup, parent)]
        return found

    def _derive(self, stale: Iterable[tuple[SObject, str]]) -> list[Change]:
        """Compute formulas anew and return what that changed."""
        changed = []
        for sobject, record_id in stale:
            before = self._data.store.live(sobject, record_id)
            if before is None:
                continue
            after = dict(before)
            self._plans[sobject.name].derive(after)
            changes: Row = {n: one for n, one in after.items() if one != before[n]}
            if changes:
                self._data.store.update(sobject, record_id, changes)
                changed.append(Change("UPDATE", sobject, record_id, before, after))
        return changed

    def _roll_up(self, changes: list[Change]) -> None:
        store = self._data.store
        for rollup in self._rollups:
            parents = dict.fromkeys(
                parent
                for change in changes
                if change.sobject is rollup.child
                for parent in rollup.parents(change)
            )
            for record_id in parents:
                before = store.live(rollup.sobject, record_id)
                if before is None:
                    continue
                value = rollup.value(store, record_id, self.reach)
                if value != before[rollup.field.name]:
                    adjust = self._records(rollup.sobject).adjust
                    adjust(record_id, {rollup.field.name: value})


def _watches(formulas: list[Formula]) -> dict[str, list[Watch]]:
    watches: dict[str, dict[Watch, None]] = defaultdict(dict)
    for formula in formulas:
        for step in formula.steps:
            if step.lookups:
                watches[step.sobject.name][Watch(step.fields, step.lookups)] = None
    return {name: list(them) for name, them in watches.items()}


def _touches(change: Change, fields: frozenset[str] | None) -> bool:
    if change.kind != "UPDATE" or fields is None:
        return True
    before, after = change.before or {}, change.after or {}
    return any(before.get(name) != after.get(name) for name in fields)
