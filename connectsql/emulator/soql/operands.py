"""What is known of an operand's values: their field type, and how they are compared."""

from __future__ import annotations

from connectsql.emulator.soql.bound import (
    Aggregate,
    Column,
    DatePart,
    Distance,
    Formatted,
    Label,
    Operand,
    Subtotal,
    TypeName,
)


def type_of(operand: Operand) -> str:
    """Return the field type of an operand's values."""
    match operand:
        case Column(field=field):
            return field.type
        case TypeName() | Label() | Formatted():
            return "string"
        case DatePart(function):
            return "date" if function == "DAY_ONLY" else "int"
        case Distance():
            return "double"
        case Subtotal():
            return "int"
        case Aggregate("COUNT" | "COUNT_DISTINCT"):
            return "int"
        case Aggregate("AVG"):
            return "double"
        case Aggregate(operand=inner):
            return type_of(inner)


def name_of(operand: Operand) -> str:
    """Return the name of the field that an operand is about."""
    match operand:
        case Column(field=field) | Distance(field=field):
            return field.name
        case TypeName():
            return "Type"
        case Label(column=inner) | DatePart(column=inner):
            return name_of(inner)
        case Aggregate(operand=inner) | Formatted(inner) | Subtotal(inner):
            return name_of(inner)


def is_text(operand: Operand) -> bool:
    """Tell whether values are text that a person wrote."""
    match operand:
        case Column(field=field):
            return field.is_text
        case Aggregate("MIN" | "MAX", inner):
            return is_text(inner)
        case TypeName() | Label():
            return True
        case _:
            return False


def folds_case(operand: Operand) -> bool:
    """Tell whether two values that differ in case alone are equal."""
    match operand:
        case Column(field=field):
            return field.folds_case
        case Aggregate("MIN" | "MAX", inner):
            return folds_case(inner)
        case _:
            return is_text(operand)
