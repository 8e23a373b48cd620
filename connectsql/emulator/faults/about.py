"""Which objects a call is about, told from its text: before it is read, let alone done."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from connectsql.emulator.wire.http import Call

_IN_PATH = re.compile(r"/(?:sobjects|tree)/(\w+)")
_IN_QUERY = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_IN_BODY = re.compile(rb'"(?:type|object)"\s*:\s*"(\w+)"')


def objects_of(call: Call) -> frozenset[str]:
    """Return the names, in lower case, of the objects that a call names."""
    named = _IN_PATH.findall(call.path)
    named += _IN_QUERY.findall(unquote_plus(call.query))
    named += [name.decode() for name in _IN_BODY.findall(call.body)]
    return frozenset(map(str.lower, named))
