"""Roll-up fields: what the children of a record sum up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectsql.emulator.hooks import Aggregate, Rollup
from connectsql.emulator.org.automation.fields import known_field
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.formulas.compiler import Compiler
from connectsql.emulator.org.formulas.conversion import fitting, typed
from connectsql.emulator.org.formulas.forms import Evaluate
from connectsql.emulator.org.formulas.functions import CANNOT_BE_COMPUTED, truth
from connectsql.emulator.org.formulas.record import Reach, Record
from connectsql.emulator.org.formulas.syntax import FormulaError, parse
from connectsql.emulator.org.journal import Change
from connectsql.emulator.org.schema import NUMBERS, Field, Schema, SObject
from connectsql.emulator.org.store import Store
from connectsql.emulator.org.tables import DELETED
from connectsql.errors import EmulatorError

_DATES = frozenset({"date", "datetime"})


@dataclass(frozen=True, slots=True)
class BoundRollup:
    """A roll-up field; ``reads`` are the child's fields that its value depends on."""

    sobject: SObject
    field: Field
    child: SObject
    lookup: Field
    aggregate: Aggregate
    of: Field | None
    where: Evaluate | None
    reads: frozenset[str]

    def parents(self, change: Change) -> Iterator[str]:
        """Return the ids of the records whose sum a change of a child may have changed."""
        before, after = change.before or {}, change.after or {}
        moved = change.kind != "UPDATE" or any(before.get(n) != after.get(n) for n in self.reads)
        if moved:
            for row in (before, after):
                if row.get(self.lookup.name):
                    yield row[self.lookup.name]

    def value(self, store: Store, parent_id: str, reach: Reach) -> Any:
        """Return what the children of a record sum up to now."""
        found = [
            row
            for row in store.rows(self.child, self.lookup, parent_id)
            if self.where is None or _holds(self.where, Record(self.child, row, reach))
        ]
        if self.of is None:
            return fitting(self.field, Decimal(len(found)))
        known = [typed(self.of, row[self.of.name], null_is_zero=False) for row in found]
        present = [one for one in known if one is not None]
        if self.aggregate == "SUM":
            return fitting(self.field, sum(present, Decimal(0)))
        if not present:
            return None
        return fitting(self.field, min(present) if self.aggregate == "MIN" else max(present))


def bind_rollup(schema: Schema, told: Rollup, now: Clock) -> BoundRollup:
    """Return a roll-up bound to its objects. Raises ``EmulatorError``."""
    sobject, field = known_field(schema, told.object, told.field, told.place)
    child, lookup = known_field(schema, told.child, told.lookup, told.place)
    if sobject.name not in lookup.reference_to:
        raise EmulatorError(f"{told.place}: {child.name}.{lookup.name} leads to no {sobject.name}")
    of = known_field(schema, told.child, told.of, told.place)[1] if told.of else None
    _check_kinds(told, field, of)
    compiler = Compiler(child, schema, now)
    try:
        where = compiler.compile(parse(told.where)) if told.where else None
    except FormulaError as wrong:
        raise EmulatorError(f"{told.place}: where: {wrong}") from wrong
    read = {name for step in compiler.steps if not step.lookups for name in step.fields or ()}
    reads = frozenset(read | {lookup.name, DELETED} | ({of.name} if of else set()))
    return BoundRollup(sobject, field, child, lookup, told.aggregate, of, where, reads)


def _check_kinds(told: Rollup, field: Field, of: Field | None) -> None:
    """Raise ``EmulatorError`` for a sum of what is no number, or a field that cannot hold it."""
    may_be_date = told.aggregate in ("MIN", "MAX")
    if of and not (_is_number(of) or (may_be_date and of.type in _DATES)):
        kinds = "a number or a date" if may_be_date else "a number"
        raise EmulatorError(f"{told.place}: {told.child}.{of.name} is not {kinds} but {of.type}")
    fits = field.type == of.type if of and of.type in _DATES else _is_number(field)
    if not fits:
        wanted = of.type if of and of.type in _DATES else "a number"
        message = f"{told.place}: {told.object}.{field.name} is not {wanted} but {field.type}"
        raise EmulatorError(message)


def _is_number(field: Field) -> bool:
    return field.type in NUMBERS or field.type in ("int", "long")


def _holds(where: Evaluate, record: Record) -> bool:
    try:
        return truth(where(record))
    except CANNOT_BE_COMPUTED:
        return False
