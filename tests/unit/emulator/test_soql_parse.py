from __future__ import annotations

import pytest

from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.syntax import (
    Call,
    Chosen,
    Comparison,
    Junction,
    Membership,
    Not,
    Path,
    Query,
    Typeof,
    Value,
)
from connectsql.emulator.wire.errors import Refusal


def refusal(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(text)
    return caught.value


def written(query: Query) -> list[str]:
    return [str(one.expression) for one in query.selected if isinstance(one, Chosen)]


def test_a_query_with_everything() -> None:
    query = parse(
        "select Id, a.Owner.Name from Account as a where (not Name like 'x%') and "
        "(Rank__c >= 2 or Type in ('A', null)) order by Name desc nulls last, Id limit 5 offset 2"
    )
    assert written(query) == ["Id", "a.Owner.Name"]
    assert (str(query.source.path), query.source.alias) == ("Account", "a")
    assert (query.limit, query.offset) == (5, 2)
    assert isinstance(query.where, Junction)
    negation, either = query.where.parts
    assert isinstance(negation, Not)
    assert isinstance(either, Junction)
    comparison, membership = either.parts
    assert isinstance(comparison, Comparison)
    assert isinstance(membership, Membership)
    assert (comparison.operator, comparison.right.kind) == (">=", "number")
    assert [(key.descending, key.nulls_last) for key in query.order] == [
        (True, True),
        (False, False),
    ]


def test_words_of_the_language_are_names_where_names_stand() -> None:
    query = parse("SELECT Order__c, Android, Fromage FROM Group WHERE Notes = '1'")
    assert str(query.source.path) == "Group"
    assert written(query) == ["Order__c", "Android", "Fromage"]


def test_functions_have_fields_and_aliases() -> None:
    query = parse("SELECT count(), MAX(Account.Name) m FROM Contact")
    count, largest = query.selected
    assert isinstance(count, Chosen)
    assert count.expression == Call("COUNT", (), 7)
    assert isinstance(largest, Chosen)
    assert str(largest.expression) == "MAX(Account.Name)"
    assert largest.alias
    assert largest.alias.text == "m"


def test_functions_may_be_applied_to_functions_and_constants() -> None:
    query = parse("SELECT FORMAT(MIN(a)) x FROM A ORDER BY DISTANCE(l, GEOLOCATION(1.5, -2), 'mi')")
    assert written(query) == ["FORMAT(MIN(a))"]
    (order,) = query.order
    assert isinstance(order.key, Call)
    place = order.key.arguments[1]
    assert isinstance(place, Call)
    assert place.arguments == (Value("number", "1.5", 64), Value("number", "-2", 69))


def test_clauses_that_follow_the_object() -> None:
    query = parse(
        "SELECT Id, (SELECT Id FROM c.Kids k LIMIT 1), TYPEOF What WHEN Account THEN Name, Phone "
        "ELSE Id END FROM Case c, c.Account a USING SCOPE mine WITH USER_MODE "
        "GROUP BY ROLLUP(x, y) HAVING count(Id) > 1 "
        "FOR VIEW FOR REFERENCE UPDATE TRACKING, VIEWSTAT"
    )
    _, kids, what = query.selected
    assert isinstance(kids, Query)
    assert (str(kids.source.path), kids.source.alias, kids.limit) == ("c.Kids", "k", 1)
    assert isinstance(what, Typeof)
    assert [one.object.text if one.object else None for one in what.branches] == ["Account", None]
    ((way, alias),) = query.source.related
    assert (str(way), alias) == ("c.Account", "a")
    assert query.scope
    assert query.scope.text == "mine"
    assert [one.text for one in query.filtering] == ["USER_MODE"]
    assert [one.text for one in query.uses] == ["VIEW", "REFERENCE", "TRACKING", "VIEWSTAT"]
    assert query.grouping
    assert [str(one) for one in query.grouping.keys] == ["ROLLUP(x, y)"]


@pytest.mark.parametrize(
    ("written", "kind", "text", "n"),
    [
        (r"'it\'s \"\\ \n\u00e4'", "string", "it's \"\\ \nä", None),
        (r"'100\% a\_b'", "string", r"100\% a\_b", None),
        ("''", "string", "", None),
        ("-3.5e2", "number", "-3.5e2", None),
        ("2026-01-02", "date", "2026-01-02", None),
        ("2026-01-02T03:04:05.000+00:00", "datetime", "2026-01-02T03:04:05.000+00:00", None),
        ("10:30:00.000Z", "time", "10:30:00.000Z", None),
        ("USD5000.50", "currency", "USD5000.50", None),
        ("null", "word", "null", None),
        ("LAST_N_DAYS:7", "word", "LAST_N_DAYS", 7),
    ],
)
def test_values(written: str, kind: str, text: str, n: int | None) -> None:
    where = parse(f"SELECT Id FROM A WHERE x = {written}").where
    assert isinstance(where, Comparison)
    assert where.left == Path(("x",), 23)
    assert where.right == Value(kind, text, 27, n)


@pytest.mark.parametrize(
    ("text", "token", "column"),
    [
        ("SELECT Id FROM A WHERE", "<EOF>", 23),
        ("SELECT FROM A", "FROM", 8),
        ("SELECT Id FROM A WHERE x = 1 AND y = 2 OR z = 3", "OR", 40),
        ("SELECT Id FROM A WHERE x = 1 AND NOT y = 2", "NOT", 34),
        ("SELECT Id FROM A asc", "asc", 18),
        ("SELECT Id FROM A select", "select", 18),
        ("SELECT Id limit FROM A", "limit", 11),
        ("SELECT Id FROM A LIMIT x", "x", 24),
        ("SELECT Id FROM A LIMIT 1.5", "1.5", 24),
        ("SELECT Id FROM A WHERE x = 'open", "'open", 28),
        ("DELETE FROM A", "DELETE", 1),
        ("SELECT Id FROM A; DROP TABLE A", ";", 17),
    ],
)
def test_what_is_no_query_is_refused_with_its_place(text: str, token: str, column: int) -> None:
    refused = refusal(text)
    assert refused.code == "MALFORMED_QUERY"
    place = f"\n{' ' * (column - 1)}^\nERROR at Row:1:Column:{column}\nunexpected token: '{token}'"
    assert refused.message == f"\n{text}{place}"


def test_the_place_counts_lines() -> None:
    message = refusal("SELECT Id\nFROM A\nWHERE x ~ 1").message
    assert message == "\nWHERE x ~ 1\n        ^\nERROR at Row:3:Column:9\nunexpected token: '~'"


def test_an_unknown_escape_is_refused() -> None:
    assert "Illegal character sequence" in refusal(r"SELECT Id FROM A WHERE x = 'a\qb'").message


def test_a_variable_is_for_apex() -> None:
    message = refusal("SELECT Id FROM A WHERE x = :name").message
    assert message.endswith("Column:28\nBind variables only allowed in Apex code")


def test_long_texts_are_refused() -> None:
    assert "4000" in refusal(f"SELECT Id FROM A WHERE x = '{'a' * 4001}'").message
    assert refusal(f"SELECT Id FROM A WHERE x = {' ' * 100_000}1").code == "QUERY_TOO_COMPLICATED"
