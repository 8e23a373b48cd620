"""A SOQL query as it was written: names not yet looked up, values not yet typed.

``at`` is the offset in the text, for the caret of an error message.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or one reached over relationships: ``Name``, ``Account.Owner.Name``."""

    names: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to a field, or to nothing: ``COUNT(Id)``, ``FIELDS(ALL)``."""

    function: str
    argument: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. ``kind`` is string, number, date, datetime or word; ``text`` is unescaped."""

    kind: str
    text: str
    at: int
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left operator right``; the operator is ``=``, ``!=``, ``<``, ..., or ``LIKE``."""

    left: Path | Call
    operator: str
    right: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``left IN (...)``; ``operator`` is ``IN`` or ``INCLUDES``, ``negated`` turns it round."""

    left: Path | Call
    operator: str
    negated: bool
    values: tuple[Value, ...] | Query


@dataclass(frozen=True, slots=True)
class Not:
    """What the inner condition is not; null is not true, so its negation is."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """Several conditions joined by one word, ``AND`` or ``OR``."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Membership | Not | Junction


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY. Nulls come first unless said otherwise, in either direction."""

    key: Path | Call
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """GROUP BY and HAVING."""

    keys: tuple[Path | Call, ...]
    having: Condition | None


@dataclass(frozen=True, slots=True)
class Typeof:
    """A TYPEOF expression, which is recognised only."""

    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name and where it stands."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT. ``clauses`` names those present that stand for themselves (``FOR``)."""

    selected: tuple[Path | Call | Typeof | Query, ...]
    source: Name
    alias: str | None
    where: Condition | None = None
    grouping: Grouping | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    clauses: frozenset[str] = frozenset()
