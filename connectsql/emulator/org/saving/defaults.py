"""What a new record has where its maker says nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.formulas.compiler import Compiler
from connectsql.emulator.org.formulas.conversion import fitting
from connectsql.emulator.org.formulas.functions import CANNOT_BE_COMPUTED
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.formulas.syntax import FormulaError, parse
from connectsql.emulator.org.schema import NUMERIC, Field, Schema, SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.org.tables import DELETED

Make = Callable[[Record], Any]


class Defaults:
    """The defaults of one object's fields; those that depend on the time are made anew."""

    def __init__(self, sobject: SObject, schema: Schema, now: Clock) -> None:
        self._nothing = Record(sobject, {}, lambda lookup, record_id: None)
        self._fixed: Row = {DELETED: 0}
        self._made: list[tuple[Field, Make]] = []
        for field in sobject.stored:
            value = _told(field)
            if value is not None:
                self._fixed[field.name] = value
        for raw in sobject.raw["fields"]:
            text, known = raw.get("defaultValueFormula"), sobject.field(raw["name"])
            if text and known and known.createable:
                self._add(known, text, Compiler(sobject, schema, now))
        self._fixed |= _record_type(sobject) | _currency(sobject)

    def row(self) -> Row:
        """Return the defaults of a record that is made now. It is not to be altered."""
        if not self._made:
            return self._fixed
        made = {field.name: fitting(field, make(self._nothing)) for field, make in self._made}
        return self._fixed | made

    def _add(self, field: Field, text: str, compiler: Compiler) -> None:
        """Use a default that is an expression of its own; any other stays out."""
        try:
            make = compiler.compile(parse(text))
            value = fitting(field, make(self._nothing))
        except (FormulaError, *CANNOT_BE_COMPUTED):
            return
        if compiler.changes_with:
            self._made.append((field, make))
        elif not compiler.steps:
            self._fixed[field.name] = value


def _told(field: Field) -> Any:
    """Return the default that a describe tells as a value."""
    if field.type == "boolean":
        return int(bool(field.default))
    if not field.createable or field.default is None:
        return None
    if field.type in NUMERIC:
        is_number = isinstance(field.default, int | float)
        return fitting(field, field.default) if is_number else None
    return field.default if field.is_text and isinstance(field.default, str) else None


def _record_type(sobject: SObject) -> Row:
    """Return the default record type, unless it is the master, which is none."""
    infos = sobject.raw.get("recordTypeInfos") or ()
    chosen = (
        one["recordTypeId"]
        for one in infos
        if one.get("defaultRecordTypeMapping") and not one.get("master")
    )
    record_id = next(chosen, None)
    known = ids.normalise(record_id) if record_id and sobject.field("RecordTypeId") else None
    return {"RecordTypeId": known} if known else {}


def _currency(sobject: SObject) -> Row:
    """Return the currency of an org that has several and whose describe marks none."""
    field = sobject.field("CurrencyIsoCode")
    if field is None or field.default is not None or not field.options:
        return {}
    return {field.name: field.options[0]}
