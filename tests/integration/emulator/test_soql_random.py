"""Random queries over random records are answered as the obvious evaluator answers them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from support.soql_model import (
    Aggregate,
    Both,
    Compare,
    Condition,
    Grouped,
    In,
    Like,
    Literal,
    Not,
    Path,
    Query,
    Row,
    SemiJoin,
    Sort,
    World,
    folded,
)

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

NAMES = ("Acme", "acme", "ACME Ltd", "O'Neil", "a_b", "a%b", "Übung", "übung", "\\x", "Zed")
CITIES = ("Rome", "rome", "Oslo", None)
TEXT: dict[str, tuple[Path, ...]] = {
    "Account": (("Name",), ("BillingCity",), ("Parent", "Name")),
    "Contact": (("LastName",), ("Department",), ("Account", "Name"), ("ReportsTo", "LastName")),
    "Opportunity": (("Name",), ("Account", "BillingCity"), ("Account", "Parent", "Name")),
}
NUMBERS: dict[str, tuple[Path, ...]] = {
    "Account": (("NumberOfEmployees",), ("AnnualRevenue",), ("Parent", "NumberOfEmployees")),
    "Contact": (("Account", "AnnualRevenue"), ("Account", "NumberOfEmployees")),
    "Opportunity": (("Amount",), ("Account", "NumberOfEmployees")),
}
DATES: dict[str, tuple[Path, ...]] = {
    "Account": (),
    "Contact": (("Birthdate",), ("ReportsTo", "Birthdate")),
    "Opportunity": (("CloseDate",),),
}
FLAGS: dict[str, tuple[Path, ...]] = {
    "Account": (),
    "Contact": (("DoNotCall",), ("ReportsTo", "DoNotCall")),
    "Opportunity": (("IsClosed",),),
}
LOOKUPS: dict[str, tuple[tuple[Path, str], ...]] = {
    "Account": ((("Id",), "Account"), (("ParentId",), "Account")),
    "Contact": ((("Id",), "Contact"), (("AccountId",), "Account"), (("ReportsToId",), "Contact")),
    "Opportunity": ((("AccountId",), "Account"),),
}
# What leads to records of an object: (object, field).
LEADING = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Account", "ParentId")),
    "Contact": (("Contact", "ReportsToId"),),
}
PARENTS = {
    ("Account", "Parent"): ("ParentId", "Account"),
    ("Contact", "Account"): ("AccountId", "Account"),
    ("Contact", "ReportsTo"): ("ReportsToId", "Contact"),
    ("Opportunity", "Account"): ("AccountId", "Account"),
}
CHILDREN = {
    ("Account", "Contacts"): ("Contact", "AccountId"),
    ("Account", "Opportunities"): ("Opportunity", "AccountId"),
    ("Account", "ChildAccounts"): ("Account", "ParentId"),
}
DAYS = tuple(f"2026-0{month}-1{day}" for month in (1, 6) for day in (1, 2))


def filled(client: Client) -> World:
    """Fill an org at random, and note what was put into it."""
    chance = Random(7)
    accounts: list[Row] = []
    for _ in range(25):
        row = {
            "Name": chance.choice(NAMES),
            "BillingCity": chance.choice(CITIES),
            "NumberOfEmployees": chance.choice((None, 0, 1, 5, 500)),
            "AnnualRevenue": chance.choice((None, 0, 2.5, 1000)),
            "ParentId": _one_of(chance, accounts),
        }
        accounts.append({"Id": client.create("Account", **row), **row})
    contacts: list[Row] = []
    for _ in range(35):
        row = {
            "LastName": chance.choice(NAMES),
            "Department": chance.choice(CITIES),
            "Birthdate": chance.choice((None, *DAYS)),
            "DoNotCall": chance.choice((True, False)),
            "AccountId": _one_of(chance, accounts),
            "ReportsToId": _one_of(chance, contacts),
        }
        contacts.append({"Id": client.create("Contact", **row), **row})
    deals: list[Row] = []
    for _ in range(25):
        row = {
            "Name": chance.choice(NAMES),
            "StageName": chance.choice(("Prospecting", "Closed Won")),
            "CloseDate": chance.choice(DAYS),
            "Amount": chance.choice((None, 0, 10, 99.5)),
            "AccountId": _one_of(chance, accounts),
        }
        closed = {"IsClosed": row["StageName"] == "Closed Won"}
        deals.append({"Id": client.create("Opportunity", **row), **row, **closed})
    records = {"Account": accounts, "Contact": contacts, "Opportunity": deals}
    return World(records, PARENTS, CHILDREN)


def _one_of(chance: Random, rows: list[Row]) -> str | None:
    return chance.choice(rows)["Id"] if rows and chance.random() < 0.7 else None


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Client, World]]:
    with start_in_thread(Options()) as org:
        client = Client(org)
        yield client, filled(client)
        client.close()


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def literals(values: tuple[Any, ...], write: Any) -> SearchStrategy[Literal]:
    return st.sampled_from([Literal(one, "null" if one is None else write(one)) for one in values])


TEXTS = literals((*NAMES, *CITIES, "nobody"), quoted)
SUMS = literals((None, 0, 1, 2.5, 5, 99.5, 1000), str)
DAY = literals((None, *DAYS), str)
FLAG = literals((True, False), lambda one: str(one).lower())
EQUAL = st.sampled_from(("=", "!="))
ORDERED = st.sampled_from(("<", "<=", ">", ">="))


def comparisons(sobject: str) -> SearchStrategy[Condition]:
    kinds = [(TEXT, TEXTS), (NUMBERS, SUMS), (DATES, DAY)]
    options: list[SearchStrategy[Any]] = []
    for paths, values in kinds:
        if paths[sobject]:
            path = st.sampled_from(paths[sobject])
            known = values.filter(lambda one: one.value is not None)
            options.append(st.builds(Compare, path, EQUAL, values))
            options.append(st.builds(Compare, path, ORDERED, known))
            several = st.lists(values, min_size=1, max_size=4).map(tuple)
            options.append(st.builds(In, path, st.booleans(), several))
    if FLAGS[sobject]:
        options.append(st.builds(Compare, st.sampled_from(FLAGS[sobject]), EQUAL, FLAG))
    parts = st.lists(st.sampled_from(("a", "A", "%", "_", "Ü", "e", " ")), max_size=4).map(tuple)
    options.append(st.builds(Like, st.sampled_from(TEXT[sobject]), parts))
    return st.one_of(options)


@st.composite
def semi_joins(draw: st.DrawFn, sobject: str) -> Condition:
    path, target = draw(st.sampled_from(LOOKUPS[sobject]))
    leading = [one for one in LEADING[target] if one[0] != sobject]
    if not leading:
        return draw(comparisons(sobject))
    source, selected = draw(st.sampled_from(leading))
    where = draw(st.none() | comparisons(source))
    return SemiJoin(path, draw(st.booleans()), selected, source, where)


def conditions(sobject: str) -> SearchStrategy[Condition]:
    """At most one semi-join: an org allows two in a query."""
    plain = st.recursive(
        comparisons(sobject),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(Both, st.sampled_from(("AND", "OR")), inner, inner),
        ),
        max_leaves=6,
    )
    joined = st.builds(Both, st.just("AND"), semi_joins(sobject), plain)
    return st.one_of(plain, plain, semi_joins(sobject), joined)


def paths(sobject: str) -> SearchStrategy[Path]:
    every = TEXT[sobject] + NUMBERS[sobject] + DATES[sobject] + FLAGS[sobject]
    return st.sampled_from(every)


@st.composite
def queries(draw: st.DrawFn, sobject: str, *, inner: bool = False) -> Query:
    children = []
    if sobject == "Account" and not inner:
        for name in draw(st.sets(st.sampled_from(("Contacts", "Opportunities")), max_size=2)):
            child = CHILDREN[sobject, name][0]
            children.append((name, draw(queries(child, inner=True))))
    sorts = st.builds(Sort, paths(sobject), st.booleans(), st.booleans())
    where = comparisons(sobject) if inner else conditions(sobject)
    return Query(
        source=sobject,
        selected=tuple(draw(st.sets(paths(sobject), max_size=4))),
        where=draw(st.none() | where),
        order=tuple(draw(st.lists(sorts, max_size=2, unique_by=lambda one: one.path))),
        limit=draw(st.none() | st.integers(1, 10)),
        offset=0 if inner else draw(st.sampled_from((0, 0, 3))),
        children=tuple(children),
    )


@st.composite
def groupings(draw: st.DrawFn) -> Grouped:
    sobject = draw(st.sampled_from(("Account", "Contact", "Opportunity")))
    numbers = st.sampled_from(NUMBERS[sobject])
    counted = st.sampled_from(TEXT[sobject] + NUMBERS[sobject])
    aggregates = st.one_of(
        st.tuples(st.sampled_from(("SUM", "AVG", "MIN", "MAX")), numbers),
        st.tuples(st.sampled_from(("COUNT", "COUNT_DISTINCT")), counted),
        st.tuples(st.sampled_from(("MIN", "MAX")), st.sampled_from(TEXT[sobject])),
    )
    chosen = draw(st.lists(aggregates, min_size=1, max_size=3))
    groupable = TEXT[sobject] + FLAGS[sobject]
    keys = draw(st.lists(st.sampled_from(groupable), min_size=1, max_size=2, unique=True))
    chosen = [(one, path) for one, path in chosen if path not in keys]
    having = None
    if draw(st.booleans()):
        function, path = draw(st.tuples(st.sampled_from(("COUNT", "COUNT_DISTINCT")), counted))
        operator = draw(st.sampled_from(("=", "<", ">", ">=")))
        having = (Aggregate(function, path, "x"), operator, draw(st.integers(0, 4)))
    return Grouped(
        source=sobject,
        keys=tuple(keys),
        aggregates=tuple(Aggregate(one, path, f"a{n}") for n, (one, path) in enumerate(chosen)),
        where=draw(st.none() | conditions(sobject)),
        having=having,
    )


def at(record: Row, path: Path) -> Any:
    for name in path[:-1]:
        record = record.get(name) or {}
    return record.get(path[-1])


def told(query: Query, records: list[Row]) -> list[Row]:
    """Reduce an org's answer to what the evaluator says of each record."""
    return [
        {"Id": record["Id"]}
        | {".".join(path): at(record, path) for path in query.selected}
        | {name: told(inner, (record[name] or {"records": []})["records"])
           for name, inner in query.children}
        for record in records
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(query=st.sampled_from(("Account", "Contact", "Opportunity")).flatmap(queries))
def test_records(asked: tuple[Client, World], query: Query) -> None:
    client, world = asked
    assert told(query, client.query(query.text())) == query.answer(world)


@settings(max_examples=200, deadline=None)
@given(query=groupings())
def test_groups(asked: tuple[Client, World], query: Grouped) -> None:
    client, world = asked
    names = [*(f"k{n}" for n in range(len(query.keys))), *(one.alias for one in query.aggregates)]
    found = [tuple(comparable(row[name]) for name in names) for row in client.query(query.text())]
    wanted = [tuple(map(comparable, group)) for group in query.answer(world)]
    assert sorted(found) == sorted(wanted)


def comparable(value: Any) -> tuple[str, Any]:
    """Return what any two values can be compared by, numbers to nine digits."""
    if isinstance(value, int | float):
        return "number", round(value, 9)
    return ("none", 0) if value is None else ("text", folded(value))
