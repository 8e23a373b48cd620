"""Binds what a query applies to its fields: aggregates, date functions, labels, distances."""

from __future__ import annotations

from collections.abc import Callable

from connectsql.emulator.org.schema import COMPOSED, NUMERIC, Field, Schema, SObject
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import (
    Aggregate,
    Column,
    DatePart,
    Distance,
    Formatted,
    Label,
    Operand,
    TypeName,
)
from connectsql.emulator.soql.operands import name_of, type_of
from connectsql.emulator.soql.scope import Scope
from connectsql.emulator.soql.syntax import Call, Expression, Path, Value
from connectsql.emulator.wire.errors import Refusal

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"})
DATE_PARTS = {
    "CALENDAR_MONTH": {"date", "datetime"},
    "CALENDAR_QUARTER": {"date", "datetime"},
    "CALENDAR_YEAR": {"date", "datetime"},
    "DAY_IN_MONTH": {"date", "datetime"},
    "DAY_IN_WEEK": {"date", "datetime"},
    "DAY_IN_YEAR": {"date", "datetime"},
    "DAY_ONLY": {"datetime"},
    "FISCAL_MONTH": {"date", "datetime"},
    "FISCAL_QUARTER": {"date", "datetime"},
    "FISCAL_YEAR": {"date", "datetime"},
    "HOUR_IN_DAY": {"datetime"},
    "WEEK_IN_MONTH": {"date", "datetime"},
    "WEEK_IN_YEAR": {"date", "datetime"},
}
_UNITS = ("mi", "km")


class Functions:
    """Turns expressions into operands."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._text = scope.text
        self._binders: dict[str, Callable[[Call], Operand]] = {
            "TOLABEL": self._label,
            "FORMAT": self._formatted,
            "CONVERTCURRENCY": self._converted,
            "DISTANCE": self._distance,
        }

    def operand(self, expression: Expression) -> Operand:
        """Return what an expression stands for."""
        if isinstance(expression, Path):
            return self._scope.operand(expression)
        if expression.function in AGGREGATES:
            return self._aggregate(expression)
        if expression.function in DATE_PARTS:
            return self._date_part(expression)
        binder = self._binders.get(expression.function)
        if binder is None:
            raise errors.unexpected(self._text, expression.at + len(expression.function), "(")
        return binder(expression)

    def argument(self, call: Call) -> Path:
        """Return the field that is the one argument of a function."""
        match call.arguments:
            case (Path() as path,):
                return path
        message = f"the function {call.function} takes one field"
        raise errors.malformed(self._text, call.at, message)

    def _aggregate(self, call: Call) -> Aggregate:
        column = self._scope.operand(self.argument(call))
        kind = type_of(column)
        adds = call.function in ("SUM", "AVG")
        aggregatable = not isinstance(column, Column) or column.field.aggregatable
        if not aggregatable or kind in COMPOSED or (adds and kind not in NUMERIC):
            name = name_of(column)
            message = f"field {name} does not support aggregate operator {call.function}"
            raise errors.malformed(self._text, call.at, message)
        return Aggregate(call.function, column)

    def _date_part(self, call: Call) -> DatePart:
        match call.arguments:
            case (Call(function="CONVERTTIMEZONE") as zoned,):
                path = self.argument(zoned)
            case _:
                path = self.argument(call)
        column = self._scope.operand(path)
        if not isinstance(column, Column) or column.field.type not in DATE_PARTS[call.function]:
            message = f"field {name_of(column)} does not support date function {call.function}"
            raise errors.invalid_field(self._text, path.at, message)
        return DatePart(call.function, column)

    def _label(self, call: Call) -> Operand:
        column = self._scope.operand(self.argument(call))
        if isinstance(column, TypeName) or not column.field.options:
            return column
        return Label(column, labels(column.tables[0].sobject, column.field))

    def _formatted(self, call: Call) -> Formatted:
        match call.arguments:
            case (Path() | Call() as inner,):
                return Formatted(self.operand(inner))
        raise errors.malformed(self._text, call.at, "the function FORMAT takes one field")

    def _converted(self, call: Call) -> Operand:
        """Bind a conversion into the user's currency: all currencies are worth the same here."""
        column = self._scope.operand(self.argument(call))
        if not has_currencies(self._scope.schema) or type_of(column) != "currency":
            message = f"convertCurrency is not supported for the field {name_of(column)}"
            raise errors.malformed(self._text, call.at, message)
        return column

    def _distance(self, call: Call) -> Distance:
        match call.arguments:
            case (
                Path() as path,
                Call(
                    function="GEOLOCATION",
                    arguments=(
                        Value(kind="number", text=latitude),
                        Value(kind="number", text=longitude),
                    ),
                ),
                Value(kind="string", text=unit),
            ) if unit in _UNITS:
                place = float(latitude), float(longitude)
            case _:
                message = "DISTANCE takes a location field, a GEOLOCATION and 'mi' or 'km'"
                raise errors.malformed(self._text, call.at, message)
        column = self._scope.operand(path)
        if not isinstance(column, Column) or column.field.type not in COMPOSED:
            raise self._no_location(column, path)
        return Distance(
            column.field,
            self._coordinate(column, path, "latitude"),
            self._coordinate(column, path, "longitude"),
            place,
            unit,
        )

    def _coordinate(self, compound: Column, path: Path, which: str) -> Column:
        for part in compound.tables[0].sobject.components(compound.field):
            if part.name.lower().removesuffix("__s").endswith(which):
                return Column(compound.tables, part)
        raise self._no_location(compound, path)

    def _no_location(self, column: Operand, path: Path) -> Refusal:
        message = f"field {name_of(column)} does not support DISTANCE"
        return errors.invalid_field(self._text, path.at, message)


def labels(sobject: SObject, field: Field) -> tuple[tuple[str, str], ...]:
    """Return the values of a picklist that have a label of their own, with it."""
    raw = next(one for one in sobject.raw["fields"] if one["name"] == field.name)
    pairs = ((one["value"], one.get("label")) for one in raw.get("picklistValues") or ())
    return tuple((value, label) for value, label in pairs if label and label != value)


def has_currencies(schema: Schema) -> bool:
    """Tell whether amounts of this org have currencies of their own."""
    return any("currencyisocode" in one.by_name for one in schema.objects)
