"""Refusals of queries, with the line, the caret and the position that an org shows."""

from __future__ import annotations

from connectsql.emulator.wire.errors import Refusal

_AS_ENTITY = (
    "If you are attempting to use a custom {kind}, be sure to append the '{suffix}' after the "
    "{what}. Please reference your WSDL or the describe call for the appropriate names."
)


def malformed(text: str, at: int, message: str) -> Refusal:
    """Return the refusal of a text that is no query."""
    return Refusal("MALFORMED_QUERY", _pointed(text, at, message))


def nested_too_deeply() -> Refusal:
    """Return the refusal of conditions that are nested deeper than can be worked on."""
    return Refusal("QUERY_TOO_COMPLICATED", "The conditions are nested too deeply")


def unexpected(text: str, at: int, token: str) -> Refusal:
    """Return the refusal of a word that cannot stand where it stands."""
    return malformed(text, at, f"unexpected token: '{token}'")


def invalid_field(text: str, at: int, message: str) -> Refusal:
    """Return the refusal of a field, or of a value a field cannot be compared with."""
    return Refusal("INVALID_FIELD", _pointed(text, at, message))


def no_such_column(text: str, at: int, name: str, entity: str) -> Refusal:
    """Return the refusal of a field that the object lacks."""
    advice = _AS_ENTITY.format(kind="field", suffix="__c", what="custom field name")
    return invalid_field(text, at, f"No such column '{name}' on entity '{entity}'. {advice}")


def no_such_relationship(text: str, at: int, name: str) -> Refusal:
    """Return the refusal of a relationship that the object lacks."""
    advice = _AS_ENTITY.format(kind="relationship", suffix="__r", what="custom relationship name")
    return invalid_field(
        text, at, f"Didn't understand relationship '{name}' in field path. {advice}"
    )


def no_such_object(text: str, at: int, name: str) -> Refusal:
    """Return the refusal of an object that the org lacks."""
    advice = _AS_ENTITY.format(kind="object", suffix="__c", what="entity name")
    message = f"sObject type '{name}' is not supported. {advice}"
    return Refusal("INVALID_TYPE", _pointed(text, at, message))


def no_such_child_relationship(text: str, at: int, name: str) -> Refusal:
    """Return the refusal of a subquery whose relationship the object lacks."""
    advice = _AS_ENTITY.format(kind="relationship", suffix="__r", what="custom relationship name")
    message = f"Didn't understand relationship '{name}' in FROM part of query call. {advice}"
    return Refusal("INVALID_TYPE", _pointed(text, at, message))


def invalid_operator(text: str, at: int, kind: str) -> Refusal:
    """Return the refusal of an operator that fields of this type do not have."""
    return invalid_field(text, at, f"invalid operator on {kind} field")


def not_allowed(text: str, at: int, field: str, what: str) -> Refusal:
    """Return the refusal to filter, sort or group by a field that its describe excludes."""
    return invalid_field(text, at, f"field '{field}' can not be {what} in a query call")


def _pointed(text: str, at: int, message: str) -> str:
    before = text[:at]
    row = before.count("\n") + 1
    start = before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0]
    column = at - start + 1
    return f"\n{line}\n{' ' * (column - 1)}^\nERROR at Row:{row}:Column:{column}\n{message}"
