"""The expression language of formulas."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectsql.emulator.org.describes.loading import load_schema
from connectsql.emulator.org.formulas.compiler import Compiler
from connectsql.emulator.org.formulas.conversion import fitting
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.formulas.syntax import FormulaError, parse
from connectsql.emulator.org.schema import Field

SCHEMA = load_schema(None)
NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
ROW = {
    "Name": "Deal",
    "Amount": 100.5,
    "Probability": 50.0,
    "StageName": "Closed Won",
    "IsClosed": 1,
    "CloseDate": "2026-02-27",
    "CreatedDate": "2026-03-01T04:30:00.000+0000",
    "AccountId": "001",
}


def value(text: str, *, null_is_zero: bool = False) -> Any:
    opportunity, account = SCHEMA.find("Opportunity"), SCHEMA.find("Account")
    assert opportunity
    compiler = Compiler(opportunity, SCHEMA, lambda: NOW, null_is_zero)
    evaluate = compiler.compile(parse(text))
    parent = Record(account, {"Name": "Acme"}, lambda lookup, record_id: None)
    return evaluate(Record(opportunity, ROW, lambda lookup, record_id: parent))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3", Decimal(9)),
        ("2 - 3 - 4", Decimal(-5)),
        ("2 ^ 3 / 4", Decimal(2)),
        ("-Amount", Decimal("-100.5")),
        ("0.1 + 0.2 = 0.3", True),
        ("Amount * Probability", Decimal("50.25")),
        ("'a' & \"b\" & NULL & 1.50", "ab1.5"),
        ("'it\\'s'", "it's"),
        ("Account.Name & ' / ' & Name", "Acme / Deal"),
        ("account.NAME", "Acme"),
        ("Account.Parent.Name", None),
        ("Account:Account.Name", "Acme"),
        ("Amount > 100 && IsClosed || FALSE", True),
        ("NOT(Amount > 100) || !IsClosed", False),
        ("AND(IsClosed, Amount = 100.5, Name <> 'x')", True),
        ("OR(FALSE, NextStep = '')", True),
        ("IF(ISPICKVAL(StageName, 'Closed Won'), 'won', 'lost')", "won"),
        ("CASE(StageName, 'A', 1, 'Closed Won', 2, 3)", Decimal(2)),
        ("CASE(StageName, 'A', 1, 3)", Decimal(3)),
        ("ISBLANK(NextStep)", True),
        ("BLANKVALUE(NextStep, 'none')", "none"),
        ("ROUND(2.345, 2)", Decimal("2.35")),
        ("ROUND(1250, -2)", Decimal(1300)),
        ("MOD(-7, 3) + FLOOR(-1.5) + CEILING(1.2) + ABS(-1)", Decimal(3)),
        ("MIN(3, 1, 2) + MAX(3, 1, 2)", Decimal(4)),
        ("LEN(Name) + VALUE('2')", Decimal(6)),
        ("LEFT(Name, 2) & RIGHT(Name, 1) & MID(Name, 2, 2)", "Delea"),
        ("UPPER(Name) & LOWER(Name) & TRIM('  x ')", "DEALdealx"),
        ("CONTAINS(Name, 'ea') && BEGINS(Name, 'De')", True),
        ("SUBSTITUTE(Name, 'al', 'ar')", "Dear"),
        ("HYPERLINK('https://example.com', Name)", "Deal"),
        ("TODAY() - CloseDate", Decimal(2)),
        ("CloseDate + 2", date(2026, 3, 1)),
        ("NOW() - CreatedDate", Decimal("0.25")),
        ("DATEVALUE(CreatedDate) = DATE(2026, 3, 1)", True),
        ("YEAR(CloseDate) * 100 + MONTH(CloseDate) + DAY(CloseDate)", Decimal(202629)),
        ("CloseDate < TODAY()", True),
        ("ExpectedRevenue + 1", None),
        ("ExpectedRevenue > 0", False),
        ("/* no */ 1 /* more */", Decimal(1)),
    ],
)
def test_expression_has_its_value(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_null_number_is_zero_where_the_field_says_so() -> None:
    assert value("ExpectedRevenue + 1", null_is_zero=True) == 1
    assert value("ISBLANK(ExpectedRevenue)", null_is_zero=True) is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "the end is out of place"),
        ("1 + * 2", r"'\*' is out of place"),
        ("#", "'#' is unknown"),
        ("'open", "is unknown"),
        ("Foo", "Opportunity has no field Foo"),
        ("Foo.Name", "Opportunity has no parent Foo"),
        ("$User.Id", r"Opportunity has no parent \$User"),
        ("VLOOKUP(1)", "there is no function VLOOKUP here"),
        ("IF(TRUE, 1)", "IF does not take 2 arguments"),
        ("LEFT(Name)", "LEFT does not take 1 arguments"),
        ("AND()", "AND takes at least one argument"),
        ("CASE(Name, 1, 2)", "CASE takes a value, pairs"),
    ],
)
def test_what_is_not_understood_is_named(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message):
        value(text)


def made(kind: str, **more: Any) -> Field:
    return Field.from_describe({"name": "F__c", "type": kind, **more})


@pytest.mark.parametrize(
    ("field", "result", "stored"),
    [
        (made("double", scale=2), Decimal("1.005"), 1.01),
        (made("int"), Decimal("2.5"), 3),
        (made("percent", scale=1), Decimal("0.1234"), 12.3),
        (made("boolean"), None, 0),
        (made("boolean"), True, 1),
        (made("string", length=3), "abcd", "abc"),
        (made("string"), "", None),
        (made("date"), NOW, "2026-03-01"),
        (made("datetime"), NOW, "2026-03-01T10:30:00.000+0000"),
    ],
)
def test_result_fits_its_field(field: Field, result: Any, stored: Any) -> None:
    assert fitting(field, result) == stored
