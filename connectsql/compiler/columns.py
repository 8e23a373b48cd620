"""One entry of a mapping's fields becomes a column, or the fault that says why not."""

from __future__ import annotations

from connectsql.compiler.model import Column
from connectsql.compiler.names import MAX_BYTES
from connectsql.config.model import Config
from connectsql.describe import relationships
from connectsql.describe.model import Field, Org, SObject
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError, Fault, Place


def resolve_column(
    config: Config, org: Org, sobject: SObject, name: str, place: Place
) -> Column | Fault:
    """Return the column for a field of the object, or for a parent's external id."""
    if name.lower() in ("sfid", "_hc_lastop", "_hc_err"):
        return Fault(place=place, message=f"{name} is a column that every mapped table has already")
    if len(name.encode()) > MAX_BYTES:
        return Fault(
            place=place, message=f"{name} is longer than {MAX_BYTES} bytes, a column's longest name"
        )
    field = sobject.field(name)
    try:
        if field is not None:
            return _own(config, field)
        return _parents(config, org, sobject, name, place)
    except DescribeError as error:
        return Fault(place=place, message=error.message, hint=error.hint)


def _own(config: Config, field: Field) -> Column:
    return Column(
        name=field.name.lower(),
        path=field.name,
        type=column_type(field, config.types),
        field=field,
        createable=field.createable,
        updateable=field.updateable,
    )


def _parents(config: Config, org: Org, sobject: SObject, name: str, place: Place) -> Column | Fault:
    found = relationships.resolve(org, sobject, name)
    if isinstance(found, relationships.Unresolved):
        return Fault(place=place, message=found.reason, hint=found.hint)
    relationship = found.lookup.relationship_name or found.lookup.name
    return Column(
        name=name.lower(),
        path=f"{relationship}.{found.external_id.name}",
        type=column_type(found.external_id, config.types),
        field=found.external_id,
        createable=found.lookup.createable,
        updateable=found.lookup.updateable,
        lookup=found.lookup,
        parent=found.parent.name,
    )
