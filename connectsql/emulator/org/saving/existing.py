"""The record that is to be changed or deleted, or the refusal of one that cannot be."""

from __future__ import annotations

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row, Store
from connectsql.emulator.org.tables import DELETED
from connectsql.emulator.wire.errors import Refusal, is_deleted, refuse_row


def existing(store: Store, sobject: SObject, record_id: str) -> Row:
    """Return a record that is there and not deleted."""
    row = store.fetch(sobject, record_id)
    if row is None:
        raise refuse_row("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row[DELETED]:
        raise is_deleted()
    return row


def cannot(verb: str, sobject: SObject) -> Refusal:
    """Return the refusal of a write that an object does not allow."""
    message = f"entity type cannot be {verb}: {sobject.label}"
    return refuse_row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
