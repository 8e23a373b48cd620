"""Text to syntax tree."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from connectsql.emulator.soql import errors
from connectsql.emulator.soql.build import build
from connectsql.emulator.soql.syntax import Query
from connectsql.emulator.wire.errors import Refusal

_LONGEST = 100_000


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """Return the query that a text is, or raise the refusal of one that is none."""
    if len(text) > _LONGEST:
        raise Refusal(
            "QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {_LONGEST} characters."
        )
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as wrong:
        raise _unexpected(text, wrong) from None
    return build(tree, text)


@cache
def _grammar() -> Lark:
    return Lark.open(
        "grammar.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True, cache=False
    )


def _unexpected(text: str, wrong: UnexpectedInput) -> Refusal:
    at = wrong.pos_in_stream
    if isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END":
        return errors.unexpected(text, len(text), "<EOF>")
    if at is None or not isinstance(wrong, UnexpectedToken | UnexpectedCharacters):
        return errors.malformed(text, 0, "unexpected token")
    found = re.match(r"\w+|'[^']*'?|.", text[at:], re.DOTALL)
    return errors.unexpected(text, at, found.group() if found else "<EOF>")
