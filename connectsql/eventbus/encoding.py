"""Events in Avro's binary form.

Made for one shape of schema, a header and nullable fields, and therefore several times as
fast as a writer of any schema. Reading is left to such a one: it has to follow the schema
that the org hands out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from connectsql.eventbus.schema import CHANGE_TYPES, EventField, RecordType

Writer = Callable[[Any], bytes]

_NULL = b"\x00"
_SMALL = [bytes((2 * value,)) for value in range(64)]
_double = struct.Struct("<d").pack
_KINDS = {name: number for number, name in enumerate(CHANGE_TYPES)}


class Circumstances:
    """What the events of one transaction have in common, written once."""

    def __init__(
        self, *, origin: str, transaction_key: str, timestamp: int, number: int, user_id: str
    ) -> None:
        self.origin = _text(origin) + _text(transaction_key)
        self.commit = _integer(timestamp) + _integer(number) + _text(user_id)


class Header(NamedTuple):
    """What an event tells of a change, besides its circumstances."""

    entity: str
    record_ids: Sequence[str]
    kind: str
    sequence: int
    nulled: Sequence[str] = ()
    changed: Sequence[str] = ()


class Encoder:
    """Writes the events of one schema."""

    def __init__(self, fields: Iterable[EventField]) -> None:
        self._writers = {
            field.name: (at, _union(field.types)) for at, field in enumerate(fields, start=1)
        }
        self._empty = [_NULL] * (len(self._writers) + 1)

    def encode(
        self, header: Header, circumstances: Circumstances, body: Mapping[str, Any]
    ) -> bytes:
        """Return an event's bytes; a field that ``body`` lacks is null.

        A compound field is a mapping.
        """
        parts = self._empty.copy()
        parts[0] = _header(header, circumstances)
        for name, value in body.items():
            at, write = self._writers[name]
            parts[at] = write(value)
        return b"".join(parts)


def _header(header: Header, about: Circumstances) -> bytes:
    return b"".join(
        (
            _text(header.entity),
            _texts(header.record_ids),
            _integer(_KINDS[header.kind]),
            about.origin,
            _integer(header.sequence),
            about.commit,
            _texts(header.nulled),
            _NULL,
            _texts(header.changed),
        )
    )


def _integer(value: int) -> bytes:
    """Zigzag, then seven bits a byte, the lowest first."""
    if 0 <= value < len(_SMALL):
        return _SMALL[value]
    left = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _text(value: str) -> bytes:
    raw = value.encode()
    return _integer(len(raw)) + raw


def _texts(values: Sequence[str]) -> bytes:
    if not values:
        return _NULL
    return b"".join((_integer(len(values)), *map(_text, values), _NULL))


def _boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


_SCALARS: dict[str, Writer] = {
    "string": _text,
    "int": _integer,
    "long": _integer,
    "double": _double,
    "boolean": _boolean,
}


def _union(types: Sequence[str | RecordType]) -> Writer:
    """Return the writer of a value that is not null: which of the types, then the value."""
    writers = {
        isinstance(one, RecordType): _tagged(at, _writer(one))
        for at, one in enumerate(types, start=1)
    }
    if len(writers) == 1:
        return next(iter(writers.values()))
    return lambda value: writers[isinstance(value, dict)](value)


def _writer(kind: str | RecordType) -> Writer:
    return _record(kind) if isinstance(kind, RecordType) else _SCALARS[kind]


def _tagged(at: int, write: Writer) -> Writer:
    tag = _integer(at)
    return lambda value: tag + write(value)


def _record(kind: RecordType) -> Writer:
    writers = [(name, _tagged(1, _SCALARS[type_name])) for name, type_name in kind.fields]

    def write(value: Mapping[str, Any]) -> bytes:
        return b"".join([w(value[name]) if name in value else _NULL for name, w in writers])

    return write
