"""From a record to those it has to do with, by the names of the relationships."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from connectsql.emulator.org import ids
from connectsql.emulator.org.schema import ChildRelationship, SObject
from connectsql.emulator.routes import query
from connectsql.emulator.soql.read import selected_fields
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import not_found
from connectsql.emulator.wire.http import Answer, Call


def is_record(sobject: SObject, text: str) -> bool:
    """Tell whether a segment of a path is a record's id and not the name of a field."""
    return sobject.field(text) is None and ids.normalise(text) is not None


def parent(org: Org, sobject: SObject, record_id: str, names: Sequence[str]) -> tuple[SObject, str]:
    """Follow lookups up from a record; raises the 404 where one is unknown or empty."""
    for name in names:
        lookup = sobject.by_relationship.get(name.lower())
        row = org.store.fetch(sobject, record_id)
        leads_to = row.get(lookup.name) if lookup and row else None
        target = org.schema.of_id(leads_to, lookup.reference_to) if lookup and leads_to else None
        if target is None or leads_to is None:
            raise not_found()
        sobject, record_id = target, leads_to
    return sobject, record_id


def children(
    org: Org, call: Call, record_id: str, relationship: ChildRelationship, names: Sequence[str]
) -> Answer:
    """Answer a record's children as a query does."""
    child = org.object(relationship.child)
    if child is None:
        raise not_found()
    fields = ", ".join(field.name for field in selected_fields(child, names))
    text = f"SELECT {fields} FROM {child.name} WHERE {relationship.field} = '{record_id}'"  # noqa: S608
    asked = Call(
        method="GET",
        path=f"{call.data_url}/query",
        query=urlencode({"q": text}),
        headers=call.headers,
        version=call.version,
    )
    return query.query(org, asked)
