"""Makes a function of an expression: from a record to the value of a formula field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.formulas.conversion import typed
from connectsql.emulator.org.formulas.forms import FORMS, Evaluate
from connectsql.emulator.org.formulas.functions import FUNCTIONS
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.formulas.syntax import Apply, FormulaError, Literal, Node, Path
from connectsql.emulator.org.schema import Field, Schema, SObject


@dataclass(frozen=True, slots=True)
class Step:
    """What a path reads on its way: fields of an object, reached by the lookups before it.

    ``fields`` None is any field.
    """

    lookups: tuple[tuple[SObject, Field], ...]
    sobject: SObject
    fields: frozenset[str] | None


@dataclass(slots=True)
class Compiler:
    """Compiles the expressions of one object's fields, and notes what they read.

    ``changes_with`` is ``day`` or ``second`` after an expression whose result depends on the
    time.
    """

    sobject: SObject
    schema: Schema
    now: Clock
    null_is_zero: bool = False
    steps: list[Step] = field(default_factory=list)
    changes_with: str | None = None

    def compile(self, node: Node) -> Evaluate:
        """Return the function of an expression. Raises ``FormulaError``."""
        match node:
            case Literal(value):
                return lambda record: value
            case Path(names):
                return self._path(names)
            case Apply(name, arguments):
                special = FORMS.get(name)
                if special:
                    return special(self, arguments)
                return self._call(name, arguments)

    def resolve(self, names: tuple[str, ...]) -> tuple[tuple[Field, ...], str]:
        """Return the lookups and the last field's name of a path, and note what it reads."""
        lookups: list[Field] = []
        ways: list[tuple[tuple[SObject, Field], ...]] = [()]
        reached = [self.sobject]
        for name in names[:-1]:
            lookup = _one(reached, lambda one, n=name: one.by_relationship.get(n.lower()))  # type: ignore[misc]
            if lookup is None:
                raise FormulaError(f"{reached[0].name} has no parent {name}")
            for way, one in zip(ways, reached, strict=True):
                self.steps.append(Step(way, one, frozenset({lookup.name})))
            lookups.append(lookup)
            targets = [one for one in map(self.schema.find, lookup.reference_to) if one]
            if not targets:
                raise FormulaError(f"the org has no {' or '.join(lookup.reference_to)}")
            ways = [(*ways[0], (reached[0], lookup)) for _ in targets]
            reached = targets
        last = _one(reached, lambda one: one.field(names[-1]))
        if last is None:
            raise FormulaError(f"{reached[0].name} has no field {names[-1]}")
        for way, one in zip(ways, reached, strict=True):
            self.steps.append(Step(way, one, frozenset({last.name})))
        return tuple(lookups), last.name

    def _path(self, names: tuple[str, ...]) -> Evaluate:
        lookups, name = self.resolve(names)
        null_is_zero = self.null_is_zero

        def read(record: Record) -> Any:
            for lookup in lookups:
                record = record.parent(lookup)
            found = record.sobject.field(name) if record.sobject else None
            if found is None:
                return None
            return typed(found, record.row.get(name), null_is_zero=null_is_zero)

        return read

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Evaluate:
        known = FUNCTIONS.get(name)
        if known is None:
            raise FormulaError(f"there is no function {name} here")
        least, most, function = known
        if not least <= len(arguments) <= most:
            raise FormulaError(f"{name} does not take {len(arguments)} arguments")
        parts = [self.compile(one) for one in arguments]
        if len(parts) == 2:
            left, right = parts
            return lambda record: function(left(record), right(record))
        return lambda record: function(*[part(record) for part in parts])


def _one(objects: list[SObject], find: Callable[[SObject], Field | None]) -> Field | None:
    return next(filter(None, map(find, objects)), None)
