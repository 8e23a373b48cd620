"""Record ids: 15 characters that tell case apart, and 3 that make up for readers who do not.

Layout: key prefix (3), instance (3), sequence (9, base 62). The digits are in ASCII order,
so ids grow in plain byte order, which clients that page by ``Id > '...'`` rely on.
"""

from __future__ import annotations

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "Em0"
_SEQUENCE_LENGTH = 9
_SHAPE = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")

# The check character of five characters depends on which of them are capitals: as a text of
# five flags, the first character's flag last, that is a binary number.
_FLAGS = str.maketrans({one: "1" if one.isupper() else "0" for one in _DIGITS})
_CHECK_OF = {f"{number:05b}"[::-1]: letter for number, letter in enumerate(_CHECK)}
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of an object's ``number``-th record."""
    return complete(prefix + _INSTANCE + _base62(number))


def complete(short: str) -> str:
    """Return the 18-character form of a 15-character id."""
    flags = short.translate(_FLAGS)
    return short + _CHECK_OF[flags[:5]] + _CHECK_OF[flags[5:10]] + _CHECK_OF[flags[10:]]


def normalise(text: str) -> str | None:
    """Return the 18-character form of an id in either form, or None if it is none.

    The check characters of the long form mend a spelling that lost its case.
    """
    if not _SHAPE.fullmatch(text):
        return None
    if len(text) == 15:
        return complete(text)
    if complete(text[:15]) == text:
        return text
    return _recased(text) if text.isupper() or text.islower() else None


def _recased(text: str) -> str | None:
    check = text[15:].upper()
    if any(letter not in _CHECK for letter in check):
        return None
    flags = [_CHECK.index(check[i // 5]) >> i % 5 & 1 for i in range(15)]
    short = "".join(c.upper() if up else c.lower() for c, up in zip(text, flags, strict=False))
    return short + check if complete(short)[15:] == check else None


def digit(number: int) -> str:
    """Return the base-62 digit of a number below 62."""
    return _DIGITS[number]


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, pair = divmod(number, len(_PAIRS))
        digits = _PAIRS[pair] + digits
    return digits.rjust(_SEQUENCE_LENGTH, "0")[-_SEQUENCE_LENGTH:]
