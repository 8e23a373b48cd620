"""Text to syntax tree."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from connectsql.emulator.soql import errors, syntax
from connectsql.emulator.soql.syntax import Name, Path, Query, Value
from connectsql.emulator.wire.errors import Refusal

_LONGEST = 100_000
_LARGEST = 2**31 - 1
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """Return the query that a text is, or raise the refusal of one that is none."""
    if len(text) > _LONGEST:
        raise Refusal("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100000")
    try:
        tree = _grammar().parse(text)
        query: Query = _Builder(text).transform(tree)
    except UnexpectedInput as wrong:
        raise _unexpected(text, wrong) from None
    except VisitError as wrapped:
        if isinstance(wrapped.orig_exc, Refusal):
            raise wrapped.orig_exc from None
        raise
    return query


@cache
def _grammar() -> Lark:
    return Lark.open(
        "grammar.lark", rel_to=__file__, parser="lalr", maybe_placeholders=True, cache=False
    )


def _unexpected(text: str, wrong: UnexpectedInput) -> Refusal:
    at = wrong.pos_in_stream
    if isinstance(wrong, UnexpectedToken) and wrong.token.type == "$END":
        return errors.malformed(text, len(text), "unexpected token: '<EOF>'")
    if at is None or not isinstance(wrong, UnexpectedToken | UnexpectedCharacters):
        return errors.malformed(text, 0, "unexpected token")
    found = re.match(r"\w+|'[^']*'?|.", text[at:], re.DOTALL)
    token = found.group() if found else "<EOF>"
    return errors.malformed(text, at, f"unexpected token: '{token}'")


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    """Builds the syntax tree; one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(self, query: Query) -> Query:
        return query

    def query(self, *parts: Any) -> Query:
        *selected, source, scope, where, with_, group, order, limit, offset, for_, rows = parts
        clauses = {"USING SCOPE": scope, "WITH": with_, "FOR": for_, "ALL ROWS": rows}
        name, alias = source
        return Query(
            selected=tuple(selected),
            source=name,
            alias=alias,
            where=where,
            grouping=group,
            order=order,
            limit=limit,
            offset=offset or 0,
            clauses=frozenset(clause for clause, present in clauses.items() if present),
        )

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)), _at(names[0]))

    def call(self, function: Token, argument: Path | None) -> syntax.Call:
        return syntax.Call(function.upper(), argument, None, _at(function))

    def output(self, call: syntax.Call, alias: str | None) -> syntax.Call:
        return syntax.Call(call.function, call.argument, alias, call.at)

    def alias(self, name: Token) -> str:
        return str(name)

    def subquery(self, query: Query) -> Query:
        return query

    def typeof(self, path: Path, *_: Any) -> syntax.Typeof:
        return syntax.Typeof(path.at)

    def source(self, name: Token, alias: Token | None) -> tuple[Name, str | None]:
        return Name(str(name), _at(name)), str(alias) if alias else None

    def scope(self, name: Token | None) -> bool:
        return name is not None

    def with_(self, name: Token | None) -> bool:
        return name is not None

    def for_(self, *names: Token) -> bool:
        return bool(names)

    def all_rows(self, found: Token | None) -> bool:
        return found is not None

    def where(self, condition: syntax.Condition | None) -> syntax.Condition | None:
        return condition

    def having(self, condition: syntax.Condition) -> syntax.Condition:
        return condition

    def all_of(self, *parts: syntax.Condition) -> syntax.Junction:
        return syntax.Junction("AND", parts)

    def any_of(self, *parts: syntax.Condition) -> syntax.Junction:
        return syntax.Junction("OR", parts)

    def negation(self, inner: syntax.Condition) -> syntax.Not:
        return syntax.Not(inner)

    def comparison(
        self, left: Path | syntax.Call, operator: Token, right: Value
    ) -> syntax.Comparison:
        return syntax.Comparison(left, "!=" if operator == "<>" else str(operator), right)

    def like(self, left: Path | syntax.Call, right: Value) -> syntax.Comparison:
        return syntax.Comparison(left, "LIKE", right)

    def values(self, *values: Value) -> tuple[Value, ...]:
        return values

    def semi_join(self, query: Query) -> Query:
        return query

    def is_in(self, left: Path, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "IN", False, values)

    def is_not_in(self, left: Path, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "IN", True, values)

    def includes(self, left: Path, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "INCLUDES", False, values)

    def excludes(self, left: Path, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "INCLUDES", True, values)

    def value(self, token: Token, n: Token | None = None) -> Value:
        kinds = {"STRING": "string", "NUMBER": "number", "DATE": "date", "DATETIME": "datetime"}
        kind = kinds.get(token.type, "word")
        text = self._unescaped(token) if kind == "string" else str(token)
        return Value(kind, text, _at(token), self._whole(n) if n else None)

    def keys(self, *keys: Path | syntax.Call) -> tuple[Path | syntax.Call, ...]:
        return keys

    def group(
        self, keys: tuple[Path | syntax.Call, ...] | None, having: syntax.Condition | None
    ) -> syntax.Grouping | None:
        return syntax.Grouping(keys, having) if keys else None

    def order(self, *orderings: syntax.Ordering) -> tuple[syntax.Ordering, ...]:
        return orderings

    def ordering(
        self, key: Path | syntax.Call, direction: Token | None, nulls: Token | None
    ) -> syntax.Ordering:
        descending = direction is not None and direction.upper() == "DESC"
        return syntax.Ordering(key, descending, nulls is not None and nulls.upper() == "LAST")

    def limit(self, number: Token | None) -> int | None:
        return self._whole(number) if number else None

    def offset(self, number: Token | None) -> int | None:
        return self._whole(number) if number else None

    def _whole(self, number: Token) -> int:
        if not number.isdigit() or int(number) > _LARGEST:
            raise errors.malformed(self._text, _at(number), f"unexpected token: '{number}'")
        return int(number)

    def _unescaped(self, token: Token) -> str:
        r"""Undo the escapes of a string; ``\_`` and ``\%`` stay, they are LIKE's."""

        def undo(found: re.Match[str]) -> str:
            escaped = found.group(1)
            if escaped in "_%":
                return found.group()
            if len(escaped) == 5:
                return chr(int(escaped[1:], 16))
            if escaped not in _ESCAPES:
                message = f"Invalid string literal {token}. Illegal character sequence {found[0]}"
                raise errors.malformed(self._text, _at(token), message)
            return _ESCAPES[escaped]

        return _ESCAPE.sub(undo, token[1:-1])


def _at(token: Token) -> int:
    return token.start_pos or 0
