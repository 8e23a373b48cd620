"""The same random rows to Postgres and to an org: what the one refuses the other refuses, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from support.taught import computed, describe, field
from support.world import World, world

from connectsql.agent.payload import for_insert, for_update, to_json
from connectsql.compiler.model import Table
from connectsql.emulator import Options
from connectsql.errors import ApiError
from connectsql.salesforce.record import nest

REFUSALS = {
    "REQUIRED_FIELD_MISSING",
    "STRING_TOO_LONG",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
}
LISTED = [{"value": one, "label": one, "active": one != "Gone"} for one in ("Hot", "Wärm", "Gone")]
PICKLIST = {"restrictedPicklist": True, "picklistValues": LISTED}
FIELDS = [
    field("Name", length=8, nillable=False),
    field("Line__c", length=5),
    field("Long__c", "textarea", length=5000),
    field("Pick__c", "picklist", length=255, **PICKLIST),
    field("Multi__c", "multipicklist", length=4099, **PICKLIST),
    field("Free__c", "picklist", length=255, picklistValues=LISTED),
    field("Amount__c", "currency", precision=6, scale=2),
    field("Small__c", "int", digits=3),
    field("Flag__c", "boolean", nillable=False),
    field("Kind__c", nillable=False, defaultedOnCreate=True, defaultValue="k"),
    field("Once__c", updateable=False),
    field("Later__c", createable=False),
    computed("Told__c"),
    field("Account__c", "reference", nillable=False, referenceTo=["Account"],
          relationshipName="Account__r"),
]  # fmt: skip
CONFIG = """
connection: {{types: {types}, constraints: enforce}}
mappings:
  - {{object: Account, access: read_write, fields: [Name, ExternalId__c]}}
  - {{object: Rule__c, access: read_write, fields: ["*", Account__r__ExternalId__c]}}
"""

BLANKS = " \t\n"
LETTERS = "aZäß€😀;"


def texts(limit: int) -> st.SearchStrategy[str | None]:
    """Texts about as long as a field, within blanks that Salesforce does not count."""
    sizes = st.sampled_from([limit - 1, limit, limit, limit + 1, limit + 1])
    ends = st.text(BLANKS, max_size=2)
    inner = st.builds(lambda one, size: one * size, st.sampled_from(LETTERS), sizes)
    return st.one_of(st.none(), ends, st.builds("".join, st.tuples(ends, inner, ends)))


words = st.sampled_from(["Hot", "hot", "Wärm", "Gone", "Cold", "", " Hot ", " "])
lists = st.lists(words, max_size=4).map(";".join)
values: dict[str, st.SearchStrategy[Any]] = {
    "name": texts(8),
    "line__c": texts(5),
    "long__c": texts(5000),
    "pick__c": st.none() | words,
    "multi__c": st.none() | lists,
    "free__c": st.none() | words,
    "amount__c": st.none() | st.sampled_from(
        [Decimal(one) for one in ("0", "9999.9999", "-9999.5", "10000", "-10000", "1e9")]
    ),
    "small__c": st.none() | st.sampled_from([0, 999, -999, 1000, -1000, 2**31 - 1]),
    "flag__c": st.none() | st.booleans(),
    "kind__c": st.sampled_from([None, "", "k", "other"]),
    "once__c": texts(255),
    "later__c": st.sampled_from([None, None, "", "x"]),
    "told__c": st.sampled_from([None, None, None, "x"]),
}  # fmt: skip
# Most values of a row are fine, so that rows are refused for one reason, and not for all of them.
fine = {
    "name": "fine", "line__c": None, "long__c": "x", "pick__c": "Hot", "multi__c": "hot;Wärm",
    "free__c": "any", "amount__c": Decimal(1), "small__c": 1, "flag__c": True, "kind__c": "k",
    "once__c": None, "later__c": None, "told__c": None,
}  # fmt: skip
valued = st.one_of([st.tuples(st.just(name), drawn) for name, drawn in sorted(values.items())])
odd = st.lists(valued, min_size=1, max_size=2).map(dict)
parents = st.sampled_from(["sfid", "sfid", "external id", "both", "none", "empty"])
random = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Both:
    """A table and an org that have the same rules."""

    world: World
    account: str  # the Id of an Account whose external id is "ext"

    @property
    def table(self) -> Table:
        """Return the checked table."""
        return self.world.desired.by_name["rule__c"]

    def locally(self, statement: sql.Composable, row: list[Any]) -> bool:
        """Whether Postgres takes a write, which is then undone."""
        try:
            with self.world.sql.transaction(force_rollback=True):
                self.world.sql.execute(statement, row)
        except psycopg.errors.IntegrityError as error:
            if not (error.diag.constraint_name or "").startswith("rule__c_"):
                raise
            return False
        return True

    def in_the_org(self, method: str, path: str, body: dict[str, Any]) -> bool:
        """Whether the org takes it."""
        try:
            self.world.call(method, path, nest("Rule__c", body))
        except ApiError as error:
            if error.code not in REFUSALS:
                raise
            return False
        return True

    def insert(self, row: dict[str, Any]) -> tuple[bool, bool]:
        """Return both verdicts on a new row."""
        told = texts_of(row)
        body = for_insert(self.table, told) | self.unsent(told, "createable")
        statement = sql.SQL("INSERT INTO salesforce.rule__c ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        taken = self.locally(statement, list(row.values()))
        return taken, self.in_the_org("POST", "sobjects/Rule__c", body)

    def update(self, sfid: str, changes: dict[str, Any]) -> tuple[bool, bool]:
        """Return both verdicts on a change of the fine row."""
        changed = {name: one for name, one in changes.items() if one != fine[name]}
        told = texts_of(changed)
        body = for_update(self.table, told, None) | self.unsent(told, "updateable")
        statement = sql.SQL("UPDATE salesforce.rule__c SET {} WHERE sfid = {}").format(
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder())
                for name in changes
            ),
            sql.Literal(sfid),
        )
        taken = self.locally(statement, list(changes.values()))
        return taken, self.in_the_org("PATCH", f"sobjects/Rule__c/{sfid}", body)

    def unsent(self, told: dict[str, str | None], when: str) -> dict[str, Any]:
        """Return what the agent would keep to itself, since Salesforce does not take it."""
        return {
            column.path: to_json(column, told[column.name])
            for column in self.table.columns
            if told.get(column.name) and not getattr(column, when)
        }


def texts_of(row: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value).lower() if isinstance(value, bool)
            else str(value) for name, value in row.items()}  # fmt: skip


@pytest.fixture(params=["native", "heroku"])
def both(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Both]:
    folder = tmp_path / "org"
    folder.mkdir()
    options = Options(describe=describe(folder, Rule__c=FIELDS))
    with world(database, tmp_path, CONFIG.format(types=request.param), options) as made:
        for column in made.desired.by_name["rule__c"].columns:
            if column.type.startswith("varchar"):  # the rules alone are to judge
                made.sql.execute(
                    sql.SQL("ALTER TABLE salesforce.rule__c ALTER {} TYPE text").format(
                        sql.Identifier(column.name)
                    )
                )
        account = {"Name": "Acme", "ExternalId__c": "ext"}
        yield Both(made, made.call("POST", "sobjects/Account", account)["id"])


def test_a_new_row_has_the_same_verdict(both: Both) -> None:
    seen: set[bool] = set()

    @random
    @given(odd, parents)
    def same(row: dict[str, Any], parent: str) -> None:
        sfid = {"sfid": both.account, "both": both.account, "empty": ""}.get(parent)
        ext = {"external id": "ext", "both": "ext", "empty": ""}.get(parent)
        named = {"account__c": sfid, "account__r__externalid__c": ext}
        here, there = both.insert({**fine, **row, **named})
        assert here == there
        seen.add(here)

    same()
    assert seen == {True, False}


def test_a_changed_row_has_the_same_verdict(both: Both) -> None:
    body = for_insert(both.table, texts_of(fine)) | {"Account__c": both.account}
    sfid = both.world.call("POST", "sobjects/Rule__c", body)["id"]
    made = both.world.sql
    made.execute("SET xmlbinary TO hex")
    row = {**fine, "sfid": sfid, "account__c": both.account}
    made.execute(
        sql.SQL("INSERT INTO salesforce.rule__c ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )
    made.execute("SET xmlbinary TO base64")
    seen: set[bool] = set()

    @random
    @given(odd)
    def same(changes: dict[str, Any]) -> None:
        here, there = both.update(sfid, changes)
        assert here == there
        seen.add(here)

    same()
    assert seen == {True, False}
