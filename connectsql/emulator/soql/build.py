"""Builds the syntax tree from what the grammar found; one method per rule."""

from __future__ import annotations

import re
from typing import Any

from lark import ParseTree, Token, Transformer, v_args
from lark.exceptions import VisitError

from connectsql.emulator.soql import errors, syntax
from connectsql.emulator.soql.syntax import Expression, Name, Path, Query, Value

_LARGEST = 2**31 - 1
_LONGEST_STRING = 4000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_NO_ALIAS = frozenset(
    [
        "and",
        "asc",
        "desc",
        "excludes",
        "first",
        "from",
        "group",
        "having",
        "in",
        "includes",
        "last",
        "like",
        "limit",
        "not",
        "null",
        "nulls",
        "or",
        "select",
        "using",
        "where",
        "with",
    ]
)


def build(tree: ParseTree, text: str) -> Query:
    """Return the query that the tree of a text is, or raise the refusal of what it cannot be."""
    try:
        return _Builder(text).transform(tree)
    except VisitError as wrapped:
        raise wrapped.orig_exc from None


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    """Builds the tree of one text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(self, query: Query) -> Query:
        return query

    def query(self, *parts: Any) -> Query:
        *selected, source, scope, where, with_, group, order, limit, offset, for_, update, rows = (
            parts
        )
        return Query(
            selected=tuple(selected),
            source=source,
            scope=scope,
            where=where,
            filtering=with_,
            grouping=group,
            order=order,
            limit=limit,
            offset=offset,
            uses=for_ + update,
            all_rows=rows,
        )

    def chosen(self, expression: Expression, alias: Name | None) -> syntax.Chosen:
        return syntax.Chosen(expression, alias)

    def subquery(self, query: Query) -> Query:
        return query

    def typeof(self, path: Path, *branches: syntax.When | None) -> syntax.Typeof:
        return syntax.Typeof(path, tuple(one for one in branches if one))

    def when(self, name: Token, fields: tuple[Path, ...]) -> syntax.When:
        return syntax.When(_name(name), fields)

    def otherwise(self, fields: tuple[Path, ...]) -> syntax.When:
        return syntax.When(None, fields)

    def fields(self, *paths: Path) -> tuple[Path, ...]:
        return paths

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)), _at(names[0]))

    def call(self, function: Token, arguments: tuple[Any, ...] | None) -> syntax.Call:
        return syntax.Call(function.upper(), arguments or (), _at(function))

    def arguments(self, *arguments: Any) -> tuple[Any, ...]:
        return arguments

    def constant(self, token: Token) -> Value:
        return self.value(token)

    def alias(self, name: Token) -> Name:
        if name.lower() in _NO_ALIAS:
            raise errors.unexpected(self._text, _at(name), name)
        return _name(name)

    def source(self, path: Path, alias: Name | None, *related: Any) -> syntax.Source:
        return syntax.Source(path, alias.text if alias else None, related)

    def related(self, path: Path, alias: Name | None) -> tuple[Path, str | None]:
        return path, alias.text if alias else None

    def scope(self, name: Token | None) -> Name | None:
        return _name(name) if name else None

    def with_(self, words: tuple[Name, ...] | None) -> tuple[Name, ...]:
        return words or ()

    def filtering(self, *words: Any) -> tuple[Name, ...]:
        return tuple(_name(one) for one in words if isinstance(one, Token))

    def for_(self, *names: Token) -> tuple[Name, ...]:
        return tuple(map(_name, names))

    def update(self, *names: Token | None) -> tuple[Name, ...]:
        return tuple(_name(one) for one in names if one)

    def all_rows(self, found: Token | None) -> Name | None:
        return _name(found) if found else None

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

    def comparison(self, left: Expression, operator: Token, right: Value) -> syntax.Comparison:
        return syntax.Comparison(left, "!=" if operator == "<>" else str(operator), right)

    def like(self, left: Expression, right: Value) -> syntax.Comparison:
        return syntax.Comparison(left, "LIKE", right)

    def values(self, *values: Value) -> tuple[Value, ...]:
        return values

    def semi_join(self, query: Query) -> Query:
        return query

    def is_in(self, left: Expression, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "IN", False, values)

    def is_not_in(self, left: Expression, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "IN", True, values)

    def includes(self, left: Expression, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "INCLUDES", False, values)

    def excludes(self, left: Expression, values: Any) -> syntax.Membership:
        return syntax.Membership(left, "INCLUDES", True, values)

    def value(self, token: Token, n: Token | None = None) -> Value:
        kind = "word" if token.type == "NAME" else token.type.lower()
        text = self._unescaped(token) if kind == "string" else str(token)
        return Value(kind, text, _at(token), self._whole(n) if n else None)

    def bind(self, name: Token) -> Value:
        raise errors.malformed(
            self._text, _at(name) - 1, "Bind variables only allowed in Apex code"
        )

    def keys(self, *keys: Expression) -> tuple[Expression, ...]:
        return keys

    def group(
        self, keys: tuple[Expression, ...] | None, having: syntax.Condition | None
    ) -> syntax.Grouping | None:
        return syntax.Grouping(keys, having) if keys else None

    def order(self, *orderings: syntax.Ordering) -> tuple[syntax.Ordering, ...]:
        return orderings

    def ordering(
        self, key: Expression, direction: Token | None, nulls: Token | None
    ) -> syntax.Ordering:
        descending = direction is not None and direction.upper() == "DESC"
        return syntax.Ordering(key, descending, nulls is not None and nulls.upper() == "LAST")

    def limit(self, number: Token | None) -> int | None:
        return self._whole(number) if number else None

    def offset(self, number: Token | None) -> int | None:
        return self._whole(number) if number else None

    def _whole(self, number: Token) -> int:
        if not number.isdigit() or int(number) > _LARGEST:
            raise errors.unexpected(self._text, _at(number), number)
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

        text = _ESCAPE.sub(undo, token[1:-1])
        if len(text) > _LONGEST_STRING:
            message = f"A string of a condition is at most {_LONGEST_STRING} characters long"
            raise errors.malformed(self._text, _at(token), message)
        return text


def _name(token: Token) -> Name:
    return Name(str(token), _at(token))


def _at(token: Token) -> int:
    return token.start_pos or 0
