"""A mapping's filter: a condition over fields, checked against the describe, as SOQL.

Only what SQL and SOQL have in common is taken, and nothing that moves by itself: a condition on
today, or on a field of a parent, would become true or false without any record being changed,
and polling could not follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from connectsql.config.model import Mapping
from connectsql.config.words import did_you_mean
from connectsql.describe.literals import escaped, timestamp
from connectsql.describe.model import Field, SObject
from connectsql.errors import Fault, Place

LONGEST: Final = 4000  # characters, as Salesforce has it for a WHERE
DEEPEST: Final = 50  # nested conditions

_FORM = "for example:  Industry = 'Energy' AND AnnualRevenue > 1000"
_TEXTS = "string picklist combobox textarea email phone url encryptedstring"
_KINDS: Final = {
    **dict.fromkeys(_TEXTS.split(), "text"),
    **dict.fromkeys(("id", "reference"), "id"),
    **dict.fromkeys(("double", "currency", "percent"), "number"),
    **dict.fromkeys(("int", "long"), "whole"),
    **{one: one for one in ("multipicklist", "boolean", "date", "datetime")},
}
_ONLY_EQUAL = ("boolean", "multipicklist")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_MOVING = re.compile(r"today|yesterday|tomorrow|now|((this|last|next|n)_|last90|next90).*", re.I)
_PIECE = re.compile(r"''|\\(?P<escape>.)|.", re.DOTALL)


def resolve_filter(text: str, sobject: SObject, place: Place) -> str | list[Fault]:
    """Return a filter as a condition of SOQL over the object's fields, or what is wrong with it."""
    try:
        tree = _parse(text)
        condition = _Condition(sobject, place)
        soql = condition.render(tree)
        if condition.faults:
            return condition.faults
        if len(soql) > LONGEST:
            raise _Refused("is too long", f"Salesforce takes {LONGEST:,} characters")
    except _Refused as refused:
        return [refused.fault(place)]
    return soql


def filter_warnings(mapping: Mapping, sobject: SObject) -> Iterator[Fault]:
    """Yield what a sound filter may still do other than meant."""
    place = mapping.places.get("filter", mapping.place)
    named = {str(one) for one in _parse(mapping.filter or "").scan_values(_is_name)}
    for name in sorted(named):
        field = sobject.field(name)
        if field and field.calculated:
            yield Fault(
                place=place,
                message=f"the filter asks {field.name}, a formula: Salesforce does not say when "
                "only its value changes",
                hint="filter by the fields that the formula is made of",
            )


class _Refused(Exception):
    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self._problem, self._hint = problem, hint

    def fault(self, place: Place) -> Fault:
        return Fault(place=place, message=f"the filter {self._problem}", hint=self._hint)


@cache
def _grammar() -> Lark:
    return Lark.open("filters.lark", rel_to=__file__, parser="lalr")


def _parse(text: str) -> Tree[Token]:
    if len(text) > LONGEST:
        raise _Refused("is too long", f"Salesforce takes {LONGEST:,} characters")
    try:
        return _grammar().parse(text)
    except UnexpectedInput as wrong:
        raise _Refused(
            f"cannot be read {_where(text, wrong)}",
            f"compare fields with values, without functions or subqueries; {_FORM}",
        ) from None


def _where(text: str, wrong: UnexpectedInput) -> str:
    at = wrong.pos_in_stream
    if at is None or (isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END"):
        return "at its end"
    found = re.match(r"[\w.:]+|.", text[at:], re.DOTALL)
    return f"at {found.group()}" if found else "at its end"


def _is_name(token: object) -> bool:
    return isinstance(token, Token) and token.type == "NAME"


class _Condition:
    """Goes through a syntax tree; what is wrong with one comparison does not hide the next."""

    def __init__(self, sobject: SObject, place: Place) -> None:
        self._sobject = sobject
        self._place = place
        self.faults: list[Fault] = []

    def render(self, tree: Tree[Token], depth: int = 0) -> str:
        if depth > DEEPEST:
            raise _Refused("is nested too deeply", "say it with fewer NOT and parentheses")
        if tree.data == "negation":
            return f"NOT ({self.render(_trees(tree)[0], depth + 1)})"
        if tree.data in ("any_of", "all_of"):
            # SOQL takes AND beside OR, and NOT beside either, only between parentheses.
            word = " OR " if tree.data == "any_of" else " AND "
            return word.join(f"({self.render(one, depth + 1)})" for one in _trees(tree))
        try:
            return self._test(tree)
        except _Refused as refused:
            self.faults.append(refused.fault(self._place))
            return ""

    def _test(self, tree: Tree[Token]) -> str:
        name, *rest = [one for one in tree.children if isinstance(one, Token)]
        field = self._field(name)
        match tree.data:
            case "comparison":
                return _comparison(field, str(rest[0]).replace("<>", "!="), rest[1])
            case "like" | "not_like":
                found = f"{field.name} LIKE {_pattern(field, rest[0])}"
                return found if tree.data == "like" else f"NOT ({found})"
            case "is_null" | "is_not_null":
                return _comparison(field, "=" if tree.data == "is_null" else "!=", rest[-1])
        operator = "IN" if tree.data == "is_in" else "NOT IN"
        if _kind(field) in _ONLY_EQUAL:
            raise _Refused(f"asks whether {field.name} is IN a list", "compare it with =")
        return f"{field.name} {operator} ({', '.join(_value(field, one) for one in rest)})"

    def _field(self, name: Token) -> Field:
        field = self._sobject.field(name)
        if field is None and "." in name:
            raise _Refused(
                f"names {name}, a field of another object",
                "a change over there does not make this record change; use its own fields",
            )
        if field is None:
            meant = did_you_mean(name, (one.name for one in self._sobject.fields))
            hint = f"did you mean {meant}?" if meant else f"name a field of {self._sobject.name}"
            raise _Refused(f"names {name}, which {self._sobject.name} has not", hint)
        if not field.filterable or field.type not in _KINDS:
            raise _Refused(
                f"names {field.name}, which Salesforce cannot filter by",
                f"it is of type {field.type}; use another field",
            )
        return field


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [one for one in tree.children if isinstance(one, Tree)]


def _kind(field: Field) -> str:
    return _KINDS[field.type]


def _comparison(field: Field, operator: str, value: Token) -> str:
    if operator in ("=", "!="):
        null = value.type == "NULL" and _kind(field) != "boolean"
        return f"{field.name} {operator} {'null' if null else _value(field, value)}"
    if _kind(field) in _ONLY_EQUAL:
        raise _Refused(f"compares {field.name} by {operator}", "compare it with =")
    return f"{field.name} {operator} {_value(field, value)}"


def _pattern(field: Field, value: Token) -> str:
    if _kind(field) != "text" or value.type != "TEXT":
        raise _Refused(
            f"holds {field.name} against the pattern {value}",
            "LIKE takes a field of text and a pattern in quotes:  Name LIKE 'A%'",
        )
    return _text(field, value, kept="%_")


def _value(field: Field, value: Token) -> str:
    """Return a value as SOQL writes it for a field of this kind."""
    types, write, example = _VALUES[_kind(field)]
    if value.type not in types:
        raise _Refused(_compared(field, value), f"{_why_not(value)}write it like {example}")
    return write(field, value)


def _why_not(value: Token) -> str:
    if _MOVING.fullmatch(value):
        return "what moves by itself cannot be followed; "
    return (
        "put quotes around a text; another field cannot stand here; "
        if value.type == "NAME"
        else ""
    )


def _compared(field: Field, value: Token) -> str:
    return f"compares {field.name}, of type {field.type}, with {value}"


def _text(field: Field, value: Token, *, kept: str = "") -> str:
    """Read a text with '' or backslashes in it; what a pattern escapes stays escaped."""
    written = []
    for piece in _PIECE.finditer(value[1:-1]):
        char = piece["escape"]
        if char is None:
            written.append(escaped(piece.group()[0]))
        elif char in kept:
            written.append(f"\\{char}")
        elif char in _ESCAPES or char in "\\'\"":
            written.append(escaped(_ESCAPES.get(char, char)))
        else:
            raise _Refused(
                f"has \\{char} in the text for {field.name}", "write \\\\ for one backslash"
            )
    return f"'{''.join(written)}'"


def _id(field: Field, value: Token) -> str:
    if _ID.fullmatch(value[1:-1]) is None:
        raise _Refused(_compared(field, value), "an Id has 15 or 18 letters and digits")
    return str(value)


def _number(_: Field, value: Token) -> str:
    return value.lstrip("+")


def _whole(field: Field, value: Token) -> str:
    if "." in value:
        raise _Refused(_compared(field, value), "write a whole number")
    return _number(field, value)


def _boolean(_: Field, value: Token) -> str:
    return value.lower()


def _date(field: Field, value: Token) -> str:
    try:
        return date.fromisoformat(value.strip("'")).isoformat()
    except ValueError:
        raise _Refused(_compared(field, value), "write it like 2026-01-31") from None


def _moment(field: Field, value: Token) -> str:
    try:
        moment = datetime.fromisoformat(value.strip("'").upper())
        if moment.tzinfo is not None:
            return timestamp(moment)
    except (ValueError, OverflowError):
        pass
    raise _Refused(_compared(field, value), "write it like 2026-01-31T09:30:00Z, with a zone")


_Writer = Callable[[Field, Token], str]
_VALUES: Final[dict[str, tuple[tuple[str, ...], _Writer, str]]] = {
    "text": (("TEXT",), _text, "'text'"),
    "multipicklist": (("TEXT",), _text, "'one;two'"),
    "id": (("TEXT",), _id, "'0015g00000Aaaaa'"),
    "number": (("NUMBER",), _number, "1000.50"),
    "whole": (("NUMBER",), _whole, "1000"),
    "boolean": (("BOOLEAN",), _boolean, "true or false"),
    "date": (("MOMENT", "TEXT"), _date, "2026-01-31"),
    "datetime": (("MOMENT", "TEXT"), _moment, "2026-01-31T09:30:00Z"),
}
