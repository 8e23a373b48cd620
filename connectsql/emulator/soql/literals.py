"""Types a value of a query by the operand it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from connectsql.emulator.org import clock, ids
from connectsql.emulator.org.schema import NUMERIC, Schema
from connectsql.emulator.soql import dates, errors
from connectsql.emulator.soql.bound import Operand
from connectsql.emulator.soql.functions import has_currencies
from connectsql.emulator.soql.operands import is_text, name_of, type_of
from connectsql.emulator.soql.syntax import Value
from connectsql.emulator.wire.errors import Refusal

_BOOLEANS = {"true": True, "false": False}
_IDS = frozenset({"id", "reference"})
_SHOWN = {"datetime": "dateTime", "id": "ID", "reference": "ID"}
_INT = 2**31


@dataclass(frozen=True, kw_only=True, slots=True)
class Literals:
    """Reads the values of one query; ``today`` is what date literals count from."""

    text: str
    schema: Schema
    today: date

    def typed(self, operand: Operand, value: Value) -> Any:
        """Return the value as the store keeps the operand's values; None is null.

        A date literal gives the text of its span's start and end, as a tuple.
        """
        kind = type_of(operand)
        if value.kind == "word" and not self._is_literal(value):
            raise errors.unexpected(self.text, value.at, value.text)
        if value.kind == "word" and value.text.lower() == "null" and value.n is None:
            return None
        if kind in ("date", "datetime"):
            return self._temporal(operand, value)
        if kind in NUMERIC:
            return self._number(operand, value)
        if kind == "boolean":
            return self._boolean(operand, value)
        if kind == "time":
            return clock.read_time(self._of_kind(operand, value, "time").text)
        text = self._of_kind(operand, value, "string").text
        return self._id(value) if kind in _IDS and text else text

    def _is_literal(self, value: Value) -> bool:
        if value.text.lower() in ("null", *_BOOLEANS):
            return value.n is None
        try:
            return dates.span(value.text, value.n, self.today) is not None
        except (ValueError, OverflowError):
            return True

    def _id(self, value: Value) -> str:
        known = ids.normalise(value.text)
        if known is None:
            refusal = errors.invalid_field(self.text, value.at, f"invalid ID field: {value.text}")
            refusal.code = "INVALID_QUERY_FILTER_OPERATOR"
            raise refusal
        return known

    def _number(self, operand: Operand, value: Value) -> float:
        if value.kind == "currency":
            return self._amount(operand, value)
        number = float(self._of_kind(operand, value, "number").text)
        if type_of(operand) == "int" and not -_INT <= number < _INT:
            message = f"value outside of valid range on numeric field: {value.text}"
            refusal = errors.invalid_field(self.text, value.at, message)
            refusal.code = "NUMBER_OUTSIDE_VALID_RANGE"
            raise refusal
        return number

    def _amount(self, operand: Operand, value: Value) -> float:
        """Read ``USD5000``; all currencies are worth the same here."""
        if type_of(operand) != "currency" or not has_currencies(self.schema):
            raise errors.unexpected(self.text, value.at, value.text)
        return float(value.text[3:])

    def _boolean(self, operand: Operand, value: Value) -> bool:
        known = _BOOLEANS.get(value.text.lower()) if value.kind == "word" else None
        if known is None:
            raise self._wrong_kind(operand, value)
        return known

    def _temporal(self, operand: Operand, value: Value) -> Any:
        kind = type_of(operand)
        if value.kind == "word":
            return self._span(operand, value)
        self._of_kind(operand, value, kind)
        read = clock.read_date if kind == "date" else clock.read_datetime
        known = read(value.text.upper())
        if known is None or not clock.is_possible(known):
            raise errors.malformed(self.text, value.at, f"Invalid date: {value.text}")
        return known

    def _span(self, operand: Operand, value: Value) -> tuple[str, str]:
        try:
            found = dates.span(value.text, value.n, self.today)
        except (ValueError, OverflowError):
            message = f"Invalid date literal: {value.text}:{value.n}"
            raise errors.malformed(self.text, value.at, message) from None
        if found is None:
            raise self._wrong_kind(operand, value)
        midnight = "" if type_of(operand) == "date" else "T00:00:00.000+0000"
        start, end = (f"{day.isoformat()}{midnight}" for day in found)
        return start, end

    def _of_kind(self, operand: Operand, value: Value, kind: str) -> Value:
        if value.kind != kind:
            raise self._wrong_kind(operand, value)
        return value

    def _wrong_kind(self, operand: Operand, value: Value) -> Refusal:
        kind = type_of(operand)
        quoted = "should be" if is_text(operand) or kind in _IDS else "should not be"
        shown = _SHOWN.get(kind, "string" if is_text(operand) else kind)
        message = (
            f"value of filter criterion for field '{name_of(operand)}' must be of type {shown} "
            f"and {quoted} enclosed in quotes"
        )
        return errors.invalid_field(self.text, value.at, message)
