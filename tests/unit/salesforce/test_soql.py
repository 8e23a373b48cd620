from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectsql.salesforce.soql import both, compare, either, literal, one_of, select


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "'plain'"),
        ("O'Neill", r"'O\'Neill'"),
        ("back\\slash", r"'back\\slash'"),
        ("\\' OR Id != '", r"'\\\' OR Id != \''"),
        ('"quoted"', r"'\"quoted\"'"),
        ("a\nb\rc\td\be\ff", r"'a\nb\rc\td\be\ff'"),
        ("\x00\x1f", r"'\u0000\u001F'"),
        ("Žižek 😀 %_", "'Žižek 😀 %_'"),
        ("", "''"),
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.10"), "-0.10"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000Z"),
    ],
)
def test_literals(value, text):
    assert literal(value) == text


def test_refuses_what_is_no_number():
    with pytest.raises(ValueError, match="not a number"):
        literal(Decimal("NaN"))


def test_select_with_everything():
    since = datetime(2026, 1, 1, tzinfo=UTC)
    query = select(
        ["Id", "Account.Ext__c"],
        "Contact",
        where=both(
            compare("SystemModstamp", ">=", since),
            either(one_of("Id", ["a", "b"]), compare("Name", "=", None)),
        ),
        order_by=["SystemModstamp", "Id DESC NULLS LAST"],
        limit=10,
    )
    assert query == (
        "SELECT Id, Account.Ext__c FROM Contact "
        "WHERE (SystemModstamp >= 2026-01-01T00:00:00.000Z) "
        "AND ((Id IN ('a', 'b')) OR (Name = null)) "
        "ORDER BY SystemModstamp, Id DESC NULLS LAST LIMIT 10"
    )


def test_select_with_nothing():
    assert select(["Id"], "Account") == "SELECT Id FROM Account"
    assert select(["Id"], "Account", limit=0) == "SELECT Id FROM Account LIMIT 0"


@pytest.mark.parametrize("name", ["", "a b", "Id, Name", "Id'", "1a", "a.", "Id--", "é", "a(b)"])
def test_refuses_what_is_no_name(name):
    with pytest.raises(ValueError, match="not a name"):
        select([name], "Account")
    with pytest.raises(ValueError, match="not a name"):
        select(["Id"], name)
    with pytest.raises(ValueError, match="not a name"):
        compare(name, "=", 1)


@pytest.mark.parametrize("order", ["Id; x", "Id UP", "Id ASC, x", ""])
def test_refuses_what_is_no_order(order):
    with pytest.raises(ValueError, match="not a"):
        select(["Id"], "Account", order_by=[order])


def test_refuses_other_operators():
    with pytest.raises(ValueError, match="does not compare"):
        compare("Id", "= 1 OR Id", 1)


def test_refuses_nothing():
    with pytest.raises(ValueError, match="without a field"):
        select([], "Account")
    with pytest.raises(ValueError, match="no value"):
        one_of("Id", [])
    with pytest.raises(ValueError, match="nothing to join"):
        both()


def test_one_condition_stays_as_it_is():
    assert both(compare("Id", "=", "a")) == "Id = 'a'"
