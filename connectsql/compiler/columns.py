"""One entry of a mapping's fields becomes a column, or the fault that says why not."""

from __future__ import annotations

from connectsql.compiler.model import Column
from connectsql.compiler.names import MAX_BYTES
from connectsql.config.model import MappedField, Types
from connectsql.config.names import SYSTEM_COLUMNS
from connectsql.describe import relationships
from connectsql.describe.model import Field, Org, SObject
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError, Fault

OWN_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")  # every mapped table has them


def resolve_column(types: Types, org: Org, sobject: SObject, entry: MappedField) -> Column | Fault:
    """Return the column for a field of the object, or for a parent's external id."""
    field = sobject.field(entry.name)
    column: Column | Fault
    try:
        if field is not None:
            column = _own(types, field, entry)
        else:
            column = _parents(types, org, sobject, entry)
    except DescribeError as error:
        return Fault(place=entry.place, message=error.message, hint=error.hint)
    # A name that the config gives has been judged with it.
    if isinstance(column, Column) and entry.column is None:
        return _name_fault(column.name, entry) or column
    return column


def _name_fault(name: str, entry: MappedField) -> Fault | None:
    if name in (*OWN_COLUMNS, *SYSTEM_COLUMNS):
        return Fault(
            place=entry.place,
            message=f"{entry.name} cannot have the column {name}: every mapped table has one",
            hint=f"give it another:  {{field: {entry.name}, column: NAME}}",
        )
    if len(name.encode()) > MAX_BYTES:
        return Fault(
            place=entry.place,
            message=f"{name} is longer than {MAX_BYTES} bytes, a column's longest name",
            hint=f"give it a shorter one:  {{field: {entry.name}, column: NAME}}",
        )
    return None


def _own(types: Types, field: Field, entry: MappedField) -> Column:
    return Column(
        name=entry.column or field.name.lower(),
        path=field.name,
        type=column_type(field, types),
        field=field,
        createable=field.createable and not entry.read_only,
        updateable=field.updateable and not entry.read_only,
    )


def _parents(types: Types, org: Org, sobject: SObject, entry: MappedField) -> Column | Fault:
    found = relationships.resolve(org, sobject, entry.name)
    if isinstance(found, relationships.Unresolved):
        return Fault(place=entry.place, message=found.reason, hint=found.hint)
    sent = found.identifies and not entry.read_only
    relationship = found.lookup.relationship_name or found.lookup.name
    return Column(
        name=entry.column or entry.name.lower(),
        path=f"{relationship}.{found.external_id.name}",
        type=column_type(found.external_id, types),
        field=found.external_id,
        createable=found.lookup.createable and sent,
        updateable=found.lookup.updateable and sent,
        lookup=found.lookup,
        parent=found.parent.name,
    )
