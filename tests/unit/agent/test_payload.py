"""What Salesforce is sent of a row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectsql.agent.payload import Unsendable, for_insert, for_update, to_json
from connectsql.compiler.model import Column, Table
from connectsql.config.model import Access, LogLevel, Mapping, WriteMode
from connectsql.describe.model import Field, SObject
from connectsql.errors import Place

HERE = Place(file="connectsql.yaml", line=1)
LOOKUP = Field(
    name="AccountId", label="Account", type="reference", createable=True, updateable=True,
    reference_to=("Account",), relationship_name="Account",
)  # fmt: skip


def column(path: str, type_: str = "text", **more: Any) -> Column:
    given = {"createable": True, "updateable": True, **more}
    field = Field(name=path, label=path, type="string")
    name = path.replace(".", "__").lower()
    return Column(name=name, path=path, type=type_, field=field, **given)


def table(*columns: Column) -> Table:
    mapping = Mapping(
        object="Contact", table="contact", access=Access.READ_WRITE, fields=(), upsert_field=None,
        indexes=(), log=LogLevel.CHANGES, writes=WriteMode.MERGED, poll_seconds=60, place=HERE,
    )  # fmt: skip
    sobject = SObject(
        name="Contact", label="Contact", key_prefix="003", queryable=True, createable=True,
        updateable=True, deletable=True, fields=(),
    )  # fmt: skip
    return Table(
        schema="s", name="contact", mapping=mapping, object=sobject, columns=columns, indexes=(),
        key_type="bigint", sfid_collation="C",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("boolean", "t", True),
        ("boolean", "false", False),
        ("boolean", None, False),
        ("integer", "-7", -7),
        ("numeric(18,2)", "12345678901234567.89", Decimal("12345678901234567.89")),
        ("double precision", "0.1", Decimal("0.1")),
        ("date", "2026-02-28", date(2026, 2, 28)),
        (
            "timestamp without time zone",
            "2026-02-28 10:00:00.5",
            datetime(2026, 2, 28, 10, 0, 0, 500000, UTC),
        ),
        ("timestamptz", "2026-02-28 10:00:00+02", datetime(2026, 2, 28, 8, tzinfo=UTC)),
        ("varchar(10)", "t", "t"),
        ("text", None, None),
    ],
)
def test_a_value_keeps_its_meaning(type_: str, text: str | None, value: object) -> None:
    found = to_json(column("X", type_), text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("date", "infinity"),
        ("numeric", "NaN"),
        ("timestamp without time zone", "0044-03-15 00:00:00 BC"),
    ],
)
def test_a_value_without_a_form_in_salesforce_names_its_column(type_: str, text: str) -> None:
    with pytest.raises(Unsendable, match=r"^x holds a value"):
        to_json(column("X", type_), text)


def test_an_insert_sends_what_is_set_and_may_be() -> None:
    read_only = column("Formula", createable=False, updateable=False)
    columns = (column("A"), column("B"), column("C"), column("D", "boolean"), read_only)
    values = {"a": "1", "b": None, "c": "", "d": "f", "formula": "x"}
    assert for_insert(table(*columns), values) == {"A": "1", "D": False}


def test_an_update_sends_changed_columns_and_their_nulls() -> None:
    once = column("Once", updateable=False)
    values = {"a": None, "b": "2", "once": "x"}
    body = for_update(table(column("A"), column("B"), once), values, frozenset({"a", "once"}))
    assert body == {"A": None}


def test_a_parent_named_by_external_id_takes_the_place_of_its_lookup() -> None:
    both = table(column("AccountId"), column("Account.Ext__c", lookup=LOOKUP, parent="Account"))
    assert for_insert(both, {"accountid": "001x", "account__ext__c": "a"}) == {
        "Account.Ext__c": "a"
    }
    for empty in (None, ""):
        assert for_update(both, {"accountid": None, "account__ext__c": empty}, None) == {
            "AccountId": None
        }
    assert for_update(
        both, {"accountid": "001x", "account__ext__c": None}, frozenset({"accountid"})
    ) == {"AccountId": "001x"}
