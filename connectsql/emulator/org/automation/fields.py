"""The formula fields of an org, bound to their objects: from the describes and the hooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from connectsql.emulator.hooks import FormulaField, Rollup
from connectsql.emulator.org import values
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.formulas.compiler import Compiler, Step
from connectsql.emulator.org.formulas.conversion import fitting
from connectsql.emulator.org.formulas.functions import CANNOT_BE_COMPUTED
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.formulas.syntax import FormulaError, parse
from connectsql.emulator.org.schema import NUMBERS, Field, Schema, SObject
from connectsql.errors import EmulatorError

_log = logging.getLogger("connectsql.emulator")
_SET_BY_THE_ORG = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "SystemModstamp"}
    | {"LastModifiedDate", "LastModifiedById"}
)


@dataclass(frozen=True, slots=True)
class Formula:
    """A field that is computed: how, what that reads, and whether time changes it."""

    sobject: SObject
    field: Field
    value: Callable[[Record], Any]
    steps: tuple[Step, ...]
    changes_with: str | None
    place: str = ""

    @property
    def own_fields(self) -> set[str]:
        """The fields of the record itself that it reads."""
        return {name for step in self.steps if not step.lookups for name in step.fields or ()}


def bind_formulas(schema: Schema, told: Iterable[FormulaField], now: Clock) -> list[Formula]:
    """Return all formulas of an org; a hooks file's stands in for the describe's of its field.

    Raises ``EmulatorError`` for a wrong one in a hooks file. Of the describes' own those that
    are not understood are named in the log; these fields stay null.
    """
    from_hooks = [_bind(schema, one, now) for one in told]
    taken = {one.field for one in from_hooks}
    described: list[Formula] = []
    unknown: list[str] = []
    for sobject in schema.objects:
        for raw in sobject.raw["fields"]:
            field = sobject.field(raw["name"])
            if field is None or not raw.get("calculated") or field in taken:
                continue
            try:
                described.append(_described(schema, sobject, field, raw, now))
            except FormulaError as wrong:
                unknown.append(f"{sobject.name}.{field.name} ({wrong})")
    if unknown:
        _log.info("calculated fields that stay null: %s", ", ".join(unknown))
    return from_hooks + described


def in_order(formulas: list[Formula]) -> tuple[Formula, ...]:
    """Return the formulas of one object such that each comes after those it reads."""
    by_name = {one.field.name: one for one in formulas}
    done: dict[str, Formula] = {}

    def visit(one: Formula, above: tuple[str, ...]) -> None:
        if one.field.name in above:
            circle = " -> ".join((*above, one.field.name))
            place = f"{one.place}: " if one.place else ""
            raise EmulatorError(f"{place}formulas of {one.sobject.name} read each other: {circle}")
        if one.field.name not in done:
            for name in sorted(one.own_fields & by_name.keys()):
                visit(by_name[name], (*above, one.field.name))
            done[one.field.name] = one

    for one in formulas:
        visit(one, ())
    return tuple(done.values())


def _described(
    schema: Schema, sobject: SObject, field: Field, raw: dict[str, Any], now: Clock
) -> Formula:
    text = raw.get("calculatedFormula")
    if not text:
        raise FormulaError("the describe has no formula")
    null_is_zero = bool(raw.get("formulaTreatNullNumberAsZero"))
    return _compiled(schema, sobject, field, text, now, null_is_zero=null_is_zero)


def _bind(schema: Schema, told: FormulaField, now: Clock) -> Formula:
    sobject, field = known_field(schema, told.object, told.field, told.place)
    if told.hook is None:
        try:
            compiled = _compiled(schema, sobject, field, told.expression or "", now)
            return replace(compiled, place=told.place)
        except FormulaError as wrong:
            raise EmulatorError(f"{told.place}: formula of {told.field}: {wrong}") from wrong
    steps = _everything(schema, sobject)
    if told.uses is not None:
        compiler = Compiler(sobject, schema, now)
        try:
            for path in told.uses:
                compiler.resolve(tuple(path.split(".")))
        except FormulaError as wrong:
            raise EmulatorError(f"{told.place}: uses: {wrong}") from wrong
        steps = iter(compiler.steps)
    return Formula(sobject, field, _by_hook(told, field), tuple(steps), None, told.place)


def known_field(schema: Schema, name: str, field_name: str, place: str) -> tuple[SObject, Field]:
    """Return an object and a field that a hooks file names. Raises ``EmulatorError``."""
    sobject = known_object(schema, name, place)
    field = sobject.field(field_name)
    if field is None:
        hint = _meant(field_name, [one.name for one in sobject.fields])
        raise EmulatorError(f"{place}: {sobject.name} has no field {field_name}", hint=hint)
    return sobject, field


def known_object(schema: Schema, name: str, place: str) -> SObject:
    """Return an object that a hooks file names. Raises ``EmulatorError``."""
    sobject = schema.find(name)
    if sobject is None:
        hint = _meant(name, [one.name for one in schema.objects])
        raise EmulatorError(f"{place}: the org has no object {name}", hint=hint)
    return sobject


def check_computed(schema: Schema, told: Iterable[FormulaField | Rollup]) -> None:
    """Raise ``EmulatorError`` for a field computed twice, or one that the org itself sets."""
    places: dict[Field, str] = {}
    for one in told:
        sobject, field = known_field(schema, one.object, one.field, one.place)
        name = f"{sobject.name}.{field.name}"
        if field in places:
            raise EmulatorError(f"{one.place}: {name} is computed twice, first at {places[field]}")
        if field.name in _SET_BY_THE_ORG or not field.is_stored:
            raise EmulatorError(f"{one.place}: {name} cannot be computed: the org sets it itself")
        places[field] = one.place


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else ""


def _compiled(
    schema: Schema,
    sobject: SObject,
    field: Field,
    text: str,
    now: Clock,
    *,
    null_is_zero: bool = False,
) -> Formula:
    compiler = Compiler(sobject, schema, now, null_is_zero)
    evaluate = compiler.compile(parse(text))

    def value(record: Record) -> Any:
        try:
            return fitting(field, evaluate(record))
        except CANNOT_BE_COMPUTED:
            return fitting(field, None)

    return Formula(sobject, field, value, tuple(compiler.steps), compiler.changes_with)


def _by_hook(told: FormulaField, field: Field) -> Callable[[Record], Any]:
    read = values.reader(field)
    hook = told.hook
    is_computed = field.type in NUMBERS or field.type in ("int", "boolean")

    def value(record: Record) -> Any:
        try:
            result = hook(record) if hook else None
            if isinstance(result, str) and not is_computed:
                return read(result)
            if field.type == "percent" and result is not None:
                result /= 100
            return fitting(field, result)
        except Exception as broken:
            _log.warning("%s: formula of %s: %r", told.place, told.field, broken)
            return fitting(field, None)

    return value


def _everything(schema: Schema, sobject: SObject) -> Iterator[Step]:
    """Return what a function may read that does not say: its record and that one's parents."""
    for lookup in sobject.stored:
        for parent in filter(None, map(schema.find, lookup.reference_to)):
            yield Step(((sobject, lookup),), parent, None)
