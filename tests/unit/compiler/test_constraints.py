"""The org's rules as SQL: which rules a describe gives, and that what is made of them is SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.describes import desire, external_id, field, sobject

from connectsql.compiler import check, render
from connectsql.compiler.constraints import constraint_parts, constraint_triggers
from connectsql.compiler.model import Table
from connectsql.compiler.org_rules import Rule, org_rules
from connectsql.describe.model import Org

CONFIG = """
connection: {{schema: {schema}, types: {types}, constraints: {constraints}}}
mappings:
  - object: Thing__c
    table: {table}
    access: {access}
    fields: {fields}
"""


def table(folder: Path, *fields: dict[str, Any], **more: str) -> Table:
    given = {
        "schema": "salesforce", "types": "native", "table": "thing", "access": "read_write",
        "constraints": "enforce", "fields": "['*']", **more,
    }  # fmt: skip
    _, desired = desire(folder, CONFIG.format(**given), Org((sobject("Thing__c", *fields),)))
    check.check(render.script(desired))
    return desired.tables[0]


def rules(made: Table) -> dict[str, Rule]:
    return {one.name.removeprefix("thing_"): one for one in org_rules(made)}


def picklist(*values: str, **more: Any) -> dict[str, Any]:
    given = {"length": 255, "restrictedPicklist": True, **more}
    listed = [{"value": value, "active": not value.startswith("old")} for value in values]
    return field("Rating", "picklist", picklistValues=listed, **given)


SYSTEM = {
    "sfid_read_only",
    "isdeleted_read_only",
    "createddate_read_only",
    "systemmodstamp_read_only",
}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (field("A", nillable=False), {"a_required", "a_length"}),
        (field("A", "boolean", nillable=False), set()),
        (field("A", "date", nillable=False), {"a_required"}),
        (field("A", "textarea", length=32768), {"a_length"}),
        (field("A", "currency", precision=18, scale=2), {"a_range"}),
        (field("A", "currency"), set()),
        (field("A", "int", digits=5), {"a_range"}),
        (field("A", "int", digits=9), {"a_range"}),
        (field("A", "int", digits=10), {"a_range"}),
        (field("A", "int"), set()),
        (field("A", createable=False, updateable=False, nillable=False), {"a_read_only"}),
        (field("A", "date", updateable=False), {"a_read_only"}),
        (field("A", "date", createable=False), {"a_read_only"}),
        (picklist("Hot", "Cold"), {"rating_length", "rating_picklist"}),
        (picklist("Hot", restrictedPicklist=False), {"rating_length"}),
        (picklist("Hot", length=40), {"rating_picklist"}),
        (picklist("old"), {"rating_length"}),
    ],
)  # fmt: skip
def test_a_describe_gives_its_rules_and_no_others(
    tmp_path: Path, described: dict[str, Any], expected: set[str]
) -> None:
    assert set(rules(table(tmp_path, described))) == SYSTEM | expected


def test_an_integer_column_of_heroku_connects_types_needs_no_rule_for_ten_digits(
    tmp_path: Path,
) -> None:
    assert "a_range" not in rules(table(tmp_path, field("A", "int", digits=10), types="heroku"))


def test_a_picklist_is_held_against_its_active_values(tmp_path: Path) -> None:
    rule = rules(table(tmp_path, picklist("Hot", "old", "It's")))["rating_picklist"]
    assert "lower('Hot')" in rule.breaks
    assert "old" not in rule.breaks
    assert rule.hint == "it has: Hot, It's"


def test_a_long_picklist_is_not_told_whole(tmp_path: Path) -> None:
    rule = rules(table(tmp_path, picklist(*(f"v{number}" for number in range(500)))))
    assert len(rule["rating_picklist"].hint) < 200


def test_a_lookup_is_told_by_any_of_its_columns(tmp_path: Path) -> None:
    lookup = field(
        "Parent__c", "reference", length=18, nillable=False,
        referenceTo=["Thing__c"], relationshipName="Parent__r",
    )  # fmt: skip
    made = table(tmp_path, lookup, external_id(), fields="[Parent__c, Parent__r__Ext__c, Ext__c]")
    required = [one for one in org_rules(made) if one.name.endswith("required")]
    assert [one.column for one in required] == ["parent__c"]
    assert required[0].hint == "any of these will do: parent__c, parent__r__ext__c"


def test_what_the_config_does_not_send_is_read_only(tmp_path: Path) -> None:
    made = table(tmp_path, field("A"), fields="[{field: A, access: read_only, column: mine}]")
    assert rules(made)["mine_read_only"].says == (
        "thing.mine cannot be written: the config does not send Thing__c.A"
    )


def test_only_names_in_the_catalog_are_cut_to_what_postgres_holds(tmp_path: Path) -> None:
    made = table(tmp_path, field("A" * 60 + "__c", nillable=False), table="t" * 60)
    assert max(len(one.name.encode()) for one in constraint_parts(made)) <= 63
    names = [one.name for one in org_rules(made)]
    assert f"{'t' * 60}_{'a' * 60}__c_required" in names
    assert len(set(names)) == len(names)


def test_the_orgs_words_cannot_leave_the_function(tmp_path: Path) -> None:
    hostile = "$connectsql$; DROP TABLE x; '; \\ %"
    made = table(
        tmp_path, picklist(hostile), table='"odd $connectsql$"', schema='"s $connectsql_$"'
    )
    (part,) = constraint_parts(made)
    assert len(check.check(part.create)) == 2


@pytest.mark.parametrize("more", [{"constraints": "off"}, {"access": "read_only"}])
def test_nothing_is_checked_where_nobody_asked_or_nothing_is_sent(
    tmp_path: Path, more: dict[str, str]
) -> None:
    made = table(tmp_path, field("A", nillable=False), **more)
    assert [*constraint_parts(made), *constraint_triggers(made)] == []
