from __future__ import annotations

import pytest

from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.syntax import Call, Comparison, Junction, Membership, Not, Path, Value
from connectsql.emulator.wire.errors import Refusal


def refusal(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(text)
    return caught.value


def test_a_query_with_everything() -> None:
    query = parse(
        "select Id, a.Owner.Name from Account as a where (not Name like 'x%') and "
        "(Rank__c >= 2 or Type in ('A', null)) order by Name desc nulls last, Id limit 5 offset 2"
    )
    assert [str(path) for path in query.selected] == ["Id", "a.Owner.Name"]
    assert (query.source.text, query.alias, query.limit, query.offset) == ("Account", "a", 5, 2)
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
    assert query.source.text == "Group"
    assert [str(path) for path in query.selected] == ["Order__c", "Android", "Fromage"]


def test_functions_have_fields_and_aliases() -> None:
    query = parse("SELECT count(), MAX(Account.Name) m FROM Contact")
    count, largest = query.selected
    assert isinstance(count, Call)
    assert isinstance(largest, Call)
    assert (count.function, count.argument) == ("COUNT", None)
    assert (largest.function, str(largest.argument), largest.alias) == ("MAX", "Account.Name", "m")


@pytest.mark.parametrize(
    ("written", "kind", "text", "n"),
    [
        (r"'it\'s \"\\ \n\u00e4'", "string", "it's \"\\ \nä", None),
        (r"'100\% a\_b'", "string", r"100\% a\_b", None),
        ("''", "string", "", None),
        ("-3.5e2", "number", "-3.5e2", None),
        ("2026-01-02", "date", "2026-01-02", None),
        ("2026-01-02T03:04:05.000+00:00", "datetime", "2026-01-02T03:04:05.000+00:00", None),
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
        ("SELECT Id Name FROM A", "Name", 11),
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
