"""A SOQL query as it was written: names not yet looked up, values not yet typed.

``at`` is the offset in the text, for the caret of an error message.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A name and where it stands."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or one reached over relationships: ``Name``, ``Account.Owner.Name``."""

    names: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal; ``text`` is unescaped.

    ``kind`` is string, number, date, datetime, time, currency or word; ``n`` is what follows a
    word: ``LAST_N_DAYS:7``.
    """

    kind: str
    text: str
    at: int
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function, in upper case, and what it is applied to: ``COUNT(Id)``, ``FIELDS(ALL)``."""

    function: str
    arguments: tuple[Path | Call | Value, ...]
    at: int

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


Expression = Path | Call


@dataclass(frozen=True, slots=True)
class Chosen:
    """A field or function of the select list, and the name it is to have in the result."""

    expression: Expression
    alias: Name | None


@dataclass(frozen=True, slots=True)
class When:
    """One branch of a TYPEOF; that of ELSE names no object."""

    object: Name | None
    fields: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Typeof:
    """Fields of a polymorphic parent, chosen by what it is."""

    path: Path
    branches: tuple[When, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left operator right``; the operator is ``=``, ``!=``, ``<``, ..., or ``LIKE``."""

    left: Expression
    operator: str
    right: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``left IN (...)``; ``operator`` is ``IN`` or ``INCLUDES``, ``negated`` turns it round."""

    left: Expression
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

    key: Expression
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """GROUP BY and HAVING."""

    keys: tuple[Expression, ...]
    having: Condition | None


@dataclass(frozen=True, slots=True)
class Source:
    """What a query is FROM, its alias, and aliases of relationships: ``Contact c, c.Account a``."""

    path: Path
    alias: str | None
    related: tuple[tuple[Path, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT.

    ``uses`` are the words that follow FOR and UPDATE; ``filtering`` those that follow WITH.
    """

    selected: tuple[Chosen | Typeof | Query, ...]
    source: Source
    scope: Name | None = None
    where: Condition | None = None
    filtering: tuple[Name, ...] = ()
    grouping: Grouping | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int | None = None
    uses: tuple[Name, ...] = ()
    all_rows: Name | None = None
