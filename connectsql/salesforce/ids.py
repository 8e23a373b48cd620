"""Record ids: 15 characters that tell upper from lower case, or 18 that need not."""

from __future__ import annotations

import re

_SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of a record id."""
    return _ID.fullmatch(text) is not None


def long_id(text: str) -> str:
    """Return the 18-character form of a record id; raises ValueError for anything else.

    >>> long_id("0015500001QdQWa")
    '0015500001QdQWaAAN'
    """
    if not is_id(text):
        raise ValueError(f"{text!r} is not a record id")
    if len(text) == 18:
        return text
    return text + "".join(_suffix(text[start : start + 5]) for start in (0, 5, 10))


def _suffix(chunk: str) -> str:
    return _SUFFIXES[sum(1 << place for place, char in enumerate(chunk) if "A" <= char <= "Z")]
