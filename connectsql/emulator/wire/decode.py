"""JSON as it comes over the wire, and what is said of what is none."""

from __future__ import annotations

import json
from typing import Any

from connectsql.emulator.wire.errors import Refusal

_NO_BODY = "The HTTP entity body is required, but this request has no entity body."
_ENDED = "Unexpected end-of-input within/between OBJECT entries"
_EXPECTED = {
    "Expecting property name enclosed in double quotes": (
        "was expecting double-quote to start field name"
    ),
    "Illegal trailing comma before end of object": (
        "was expecting double-quote to start field name"
    ),
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting ',' delimiter": "was expecting comma to separate OBJECT entries",
}
_VALUE = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')"


def decode(body: bytes) -> Any:
    """Return what a body of JSON says, or raise the refusal of a body that is none."""
    if not body.strip():
        raise Refusal("JSON_PARSER_ERROR", _NO_BODY)
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as broken:
        where = f"[line:{broken.lineno}, column:{broken.colno}]"
        raise Refusal("JSON_PARSER_ERROR", f"{_said(broken)} at {where}") from None
    except UnicodeDecodeError as broken:
        message = f"Invalid UTF-8: {broken.reason} at [line:1, column:{broken.start + 1}]"
        raise Refusal("JSON_PARSER_ERROR", message) from None
    except RecursionError:
        message = "The JSON is nested too deeply at [line:1, column:1]"
        raise Refusal("JSON_PARSER_ERROR", message) from None
    except ValueError as broken:
        raise Refusal("JSON_PARSER_ERROR", f"{broken} at [line:1, column:1]") from None


def _said(broken: json.JSONDecodeError) -> str:
    if broken.pos >= len(broken.doc.rstrip()):
        return _ENDED
    if not broken.msg.startswith(("Expecting", "Illegal", "Extra")):
        return broken.msg
    letter = broken.doc[broken.pos]
    expected = _EXPECTED.get(broken.msg, _VALUE)
    return f"Unexpected character ('{letter}' (code {ord(letter)})): {expected}"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"Unrecognized token '{name}': was expecting 'null', 'true' or 'false'")
