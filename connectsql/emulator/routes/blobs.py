"""Fields of bytes: in a record they are addresses, and there the bytes are answered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import not_found
from connectsql.emulator.wire.http import Answer

_BYTES = {"Content-Type": "application/octet-stream"}


def is_blob(sobject: SObject, name: str) -> bool:
    """Tell whether a name is that of a field of bytes."""
    field = sobject.field(name)
    return field is not None and field.type == "base64"


def read(org: Org, sobject: SObject, record_id: str, name: str) -> Answer:
    """Answer the bytes that a record has in a field; raises the 404 where it has none."""
    row = org.store.fetch(sobject, record_id) or {}
    text = row.get(sobject.by_name[name.lower()].name)
    try:
        body = base64.b64decode(text) if text else None
    except binascii.Error:
        body = None
    if body is None:
        raise not_found()
    return Answer(body=body, headers=dict(_BYTES), records=1)


def link(record: dict[str, Any], fields: Iterable[Field]) -> None:
    """Put addresses in the place of bytes."""
    for field in fields:
        if field.type == "base64" and record.get(field.name):
            record[field.name] = f"{record['attributes']['url']}/{field.name}"
