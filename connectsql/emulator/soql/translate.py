"""A bound query as parameterised SQL over the store's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.soql import bound
from connectsql.emulator.soql.bound import BoundQuery, Children, Groups, Operand
from connectsql.emulator.soql.expressions import expression, from_tables, key
from connectsql.emulator.soql.filters import filter_sql, not_deleted


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and the values of its parameters."""

    sql: str
    values: tuple[Any, ...]


def select(query: BoundQuery, columns: Sequence[str], *, deleted: bool) -> Statement:
    """Return the statement that gives these columns; ``deleted`` is the recycle bin's too."""
    values: list[Any] = []
    parts = [
        "SELECT " + ", ".join(columns),
        from_tables(query),
        _where(query, [], values, deleted=deleted),
        _order_by(query.order),
        _limit(query, values),
    ]
    return Statement(" ".join(filter(None, parts)), tuple(values))


def counted(inner: Statement) -> Statement:
    """Return the statement that counts another's rows."""
    return Statement(f"SELECT count(*) FROM ({inner.sql})", inner.values)  # noqa: S608


def grouped(query: BoundQuery, groups: Groups, *, deleted: bool) -> Statement:
    """Return the statement that gives the members of groups.

    Each set of keys is a SELECT of its own, with the sort keys behind the members.
    """
    values: list[Any] = []
    shown = [operand for _, operand in groups.members]
    wanted = shown + [sort.operand for sort in query.order]
    united = " UNION ALL ".join(
        _of_set(query, groups, keys, wanted, values, deleted=deleted) for keys in groups.sets
    )
    columns = ", ".join(f"c{number}" for number in range(len(shown)))
    order = ", ".join(
        _sort(sort, f"c{number}") for number, sort in enumerate(query.order, start=len(shown))
    )
    parts = [
        f"SELECT {columns} FROM ({united})",  # noqa: S608
        f"ORDER BY {order}" if order else "",
        _limit(query, values),
    ]
    return Statement(" ".join(filter(None, parts)), tuple(values))


def children(one: Children, columns: Sequence[str], *, deleted: bool) -> Statement:
    """Return the statement that gives the children of some parents, each parent's in order.

    Its first parameter, not among ``values``, is a JSON array of the parents' ids; its first
    column is the parent's id.
    """
    query, parent = one.query, expression(one.lookup)
    values: list[Any] = []
    whose = f"{parent} IN (SELECT value FROM json_each(?))"  # noqa: S608
    rows = f"{from_tables(query)} {_where(query, [whose], values, deleted=deleted)}"
    chosen = ", ".join([f"{parent} AS parent", *columns])
    order = ", ".join(_sort(sort, expression(sort.operand)) for sort in query.order)
    if query.limit is None and not query.offset:
        order = f"{parent}, {order}" if order else parent
        return Statement(f"SELECT {chosen} {rows} ORDER BY {order}", tuple(values))
    ranks = f"PARTITION BY {parent} ORDER BY {order}" if order else f"PARTITION BY {parent}"
    ranked = f"SELECT {chosen}, row_number() OVER ({ranks}) AS rank {rows}"
    values += [query.offset, query.offset + _unlimited(query)]
    return Statement(
        f"SELECT * FROM ({ranked}) WHERE rank > ? AND rank <= ? ORDER BY parent, rank",  # noqa: S608
        tuple(values),
    )


def _of_set(
    query: BoundQuery,
    groups: Groups,
    keys: tuple[Operand, ...],
    wanted: list[Operand],
    values: list[Any],
    *,
    deleted: bool,
) -> str:
    absent = frozenset(groups.keys) - frozenset(keys)
    columns = (f"{expression(one, absent)} AS c{number}" for number, one in enumerate(wanted))
    parts = [
        "SELECT " + ", ".join(columns),
        from_tables(query),
        _where(query, [], values, deleted=deleted),
        _group_by(keys, absent),
    ]
    if groups.having:
        parts.append("HAVING " + filter_sql(groups.having, values, absent))
    return " ".join(filter(None, parts))


def _group_by(keys: tuple[Operand, ...], absent: frozenset[Operand]) -> str:
    """Group by the keys of a set; the total of all sets is no group where there are no rows."""
    if keys:
        return "GROUP BY " + ", ".join(key(one, expression(one)) for one in keys)
    return "GROUP BY NULL" if absent else ""


def _where(query: BoundQuery, tests: list[str], values: list[Any], *, deleted: bool) -> str:
    if not deleted:
        tests = [*tests, not_deleted(query.table)]
    if query.where:
        tests = [*tests, filter_sql(query.where, values, deleted=deleted)]
    return "WHERE " + " AND ".join(tests) if tests else ""


def _order_by(order: tuple[bound.Sort, ...]) -> str:
    keys = ", ".join(_sort(sort, expression(sort.operand)) for sort in order)
    return f"ORDER BY {keys}" if keys else ""


def _sort(sort: bound.Sort, sql: str) -> str:
    direction = "DESC" if sort.descending else "ASC"
    nulls = "LAST" if sort.nulls_last else "FIRST"
    return f"{key(sort.operand, sql)} {direction} NULLS {nulls}"


def _limit(query: BoundQuery, values: list[Any]) -> str:
    if query.limit is None and not query.offset:
        return ""
    values += [_unlimited(query), query.offset]
    return "LIMIT ? OFFSET ?"


def _unlimited(query: BoundQuery) -> int:
    return 2**53 if query.limit is None else query.limit
