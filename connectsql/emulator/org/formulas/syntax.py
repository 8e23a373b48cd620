"""Reads an expression into a tree of plain nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

_WORDS: dict[str, Any] = {"TRUE": True, "FALSE": False, "NULL": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class FormulaError(Exception):
    """An expression that is none, or that needs what this language does not have."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out."""

    value: Any


@dataclass(frozen=True, slots=True)
class Path:
    """A field, of the record or of one that its lookups lead to."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or function and its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | Path | Apply


def parse(text: str) -> Node:
    """Return the tree of an expression. Raises ``FormulaError``."""
    try:
        tree = _parser().parse(text)
    except UnexpectedToken as wrong:
        found = "the end" if wrong.token.type == "$END" else repr(str(wrong.token))
        raise FormulaError(f"{found} is out of place{_where(wrong)}") from None
    except UnexpectedCharacters as wrong:
        raise FormulaError(f"{wrong.char!r} is unknown{_where(wrong)}") from None
    node: Node = _Reader().transform(tree)
    return node


def _where(wrong: UnexpectedInput) -> str:
    known = isinstance(wrong.column, int) and wrong.column > 0
    return f" at column {wrong.column}" if known else ""


@cache
def _parser() -> Lark:
    return Lark.open("formula.lark", rel_to=__file__, parser="lalr", maybe_placeholders=False)


@v_args(inline=True)
class _Reader(Transformer[Token, Node]):
    def number(self, token: Token) -> Node:
        return Literal(Decimal(token))

    def string(self, token: Token) -> Node:
        return Literal(re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), token[1:-1]))

    def name(self, token: Token) -> Node:
        word = str(token).upper()
        if word in _WORDS:
            return Literal(_WORDS[word])
        return Path(tuple(part.split(":")[0] for part in str(token).split(".")))

    def call(self, name: Token, *arguments: Node) -> Node:
        return Apply(str(name).upper(), arguments)

    def compare(self, left: Node, operator: Token, right: Node) -> Node:
        word = {"==": "=", "!=": "<>"}.get(str(operator), str(operator))
        return Apply(word, (left, right))

    def arithmetic(self, left: Node, operator: Token, right: Node) -> Node:
        return Apply(str(operator), (left, right))

    def join(self, left: Node, right: Node) -> Node:
        return Apply("&", (left, right))

    def and_(self, left: Node, right: Node) -> Node:
        return Apply("AND", (left, right))

    def or_(self, left: Node, right: Node) -> Node:
        return Apply("OR", (left, right))

    def not_(self, operand: Node) -> Node:
        return Apply("NOT", (operand,))

    def negative(self, sign: Token, operand: Node) -> Node:
        return Apply("-", (Literal(Decimal(0)), operand))

    def positive(self, sign: Token, operand: Node) -> Node:
        return operand
