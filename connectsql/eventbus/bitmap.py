"""Which fields changed, as change events tell it: bitmaps over the positions in the schema.

``["0x400800", "4-0x06"]`` are the fields 11 and 22 of the event, and of the record that is
field 4 the fields 1 and 2. A bitmap is a big-endian hex number whose lowest bit is field 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions in a schema: of whole fields, and of fields inside a compound one."""

    whole: frozenset[int] = frozenset()
    nested: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.whole or self.nested)


def encode(positions: Positions) -> list[str]:
    """Return the bitmaps of some positions; nothing has none.

    The first is always that of the whole fields, be it empty.
    """
    if not positions:
        return []
    nested = sorted(positions.nested.items())
    return [_bits(positions.whole), *(f"{parent}-{_bits(inner)}" for parent, inner in nested)]


def decode(bitmaps: Iterable[str]) -> Positions:
    """Return the positions that bitmaps stand for; raises ``ValueError`` for any other text."""
    whole: frozenset[int] = frozenset()
    nested: dict[int, frozenset[int]] = {}
    for text in bitmaps:
        parent, separator, bits = text.rpartition("-")
        if separator:
            nested[int(parent)] = _positions(bits)
        else:
            whole |= _positions(bits)
    return Positions(whole, nested)


def _bits(positions: Iterable[int]) -> str:
    number = 0
    for position in positions:
        number |= 1 << position
    return f"0x{number.to_bytes(max(1, (number.bit_length() + 7) // 8), 'big').hex().upper()}"


def _positions(text: str) -> frozenset[int]:
    number = int(text.removeprefix("0x") or "0", 16)
    return frozenset(at for at in range(number.bit_length()) if number >> at & 1)
