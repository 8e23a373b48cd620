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


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of an object's ``number``-th record."""
    return complete(prefix + _INSTANCE + _base62(number).rjust(_SEQUENCE_LENGTH, "0"))


def complete(short: str) -> str:
    """Return the 18-character form of a 15-character id."""
    return short + _check(short[0:5]) + _check(short[5:10]) + _check(short[10:15])


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


def _check(chunk: str) -> str:
    return _CHECK[sum(1 << place for place, letter in enumerate(chunk) if "A" <= letter <= "Z")]


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
