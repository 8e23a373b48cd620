"""Checks of particular lookups: owners, record types and hierarchies."""

from __future__ import annotations

from connectsql.emulator.org import ids
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Row, Store
from connectsql.emulator.wire.errors import Refusal, refuse_row

_HIERARCHIES = frozenset({"ParentId", "ReportsToId"})
_MOST_LEVELS = 500


def check_owner(store: Store, sobject: SObject, user: SObject, record_id: str) -> None:
    """Refuse a user who is no longer active as an owner."""
    row = store.fetch(user, record_id) or {}
    if user.name == "User" and user.field("IsActive") and not row.get("IsActive"):
        message = (
            f"operation performed with inactive user [{record_id[:15]}] "
            f"as owner of {sobject.label.lower()}"
        )
        raise refuse_row("INACTIVE_OWNER_OR_USER", message)


def no_owner() -> Refusal:
    """Return the refusal to leave a record without an owner."""
    return refuse_row("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", "OwnerId")


def record_types(sobject: SObject) -> frozenset[str]:
    """Return the ids of an object's record types that may be chosen."""
    infos = sobject.raw.get("recordTypeInfos") or ()
    told = (one.get("recordTypeId") for one in infos if one.get("available", True))
    return frozenset(known for one in told if one and (known := ids.normalise(one)))


def check_record_type(known: frozenset[str], lookup: Field, record_id: str) -> None:
    """Refuse a record type that the object does not have, where its own are told."""
    if known and record_id not in known:
        message = f"{lookup.label}: this ID value isn't valid for the user: {record_id}"
        raise refuse_row("INVALID_CROSS_REFERENCE_KEY", message, lookup.name)


def check_hierarchy(store: Store, sobject: SObject, given: Row, record_id: str) -> None:
    """Refuse a record that would be above itself."""
    for name in _HIERARCHIES & given.keys():
        lookup = sobject.field(name)
        if lookup is None or sobject.name not in lookup.reference_to:
            continue
        above = given[name]
        for _ in range(_MOST_LEVELS):
            if above == record_id:
                message = "attempt to violate hierarchy constraints"
                raise refuse_row("CIRCULAR_DEPENDENCY", message, name)
            row = store.fetch(sobject, above) if above else None
            if row is None:
                break
            above = row[name]
