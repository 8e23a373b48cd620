"""Random configs and describes of one org, for properties of compile, plan and apply."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from connectsql.compiler.model import Desired
from connectsql.describe.model import Org, SObject
from support.describes import desire, external_id, field, sobject

ROLES = ("plan_web", "Plan Odd", "plan_report", "plan_agent")
TYPES: dict[str, dict[str, Any]] = {
    "short": {"type_": "string", "length": 80},
    "long": {"type_": "string", "length": 255},
    "area": {"type_": "textarea", "length": 32000},
    "picklist": {"type_": "picklist", "length": 255},
    "int": {"type_": "int", "digits": 9},
    "big": {"type_": "int", "digits": 12},
    "number": {"type_": "double", "precision": 18, "scale": 2},
    "date": {"type_": "date"},
    "moment": {"type_": "datetime"},
    "truth": {"type_": "boolean", "nillable": False},
}
COMPUTED = ("upper(name)", "coalesce(name, ext__c)", "(free__c IS NULL)::text")


@dataclass(frozen=True)
class Spec:
    """A config as text, and the org it is resolved against."""

    text: str
    org: Org

    def desired(self, folder: Path) -> Desired:
        """Load and resolve it."""
        return desire(folder, self.text, self.org)[1]


def _object(name: str, free: str, label: str) -> SObject:
    return sobject(
        name,
        field("Name", nillable=False),
        {**field("Free__c", **TYPES[free]), "label": label},
        field("Order", "int", digits=9),
        field("Sum__c", "currency", precision=18, scale=2, createable=False, updateable=False),
        field("ParentId", "reference", length=18, referenceTo=["Alpha"], relationshipName="Parent"),
        field("State__c", "picklist", length=40, restrictedPicklist=True,
              picklistValues=[{"value": "on", "active": True}, {"value": "off", "active": True}]),
        external_id(),
    )  # fmt: skip


@st.composite
def specs(draw: st.DrawFn, *, types: str) -> Spec:
    """Draw a config of up to three mappings."""
    names = draw(st.lists(st.sampled_from(["Alpha", "Beta", "Gamma"]), min_size=1, unique=True))
    objects = [
        _object(name, draw(st.sampled_from(sorted(TYPES))), draw(st.sampled_from(["Free", "It's"])))
        for name in ("Alpha", "Beta", "Gamma")
    ]
    config = {
        "connection": {"schema": 'Odd "Schema"', "types": types, **draw(_connection())},
        "mappings": [draw(_mapping(name)) for name in names],
    }
    return Spec(yaml.safe_dump(config, sort_keys=False), Org(tuple(objects)))


@st.composite
def _connection(draw: st.DrawFn) -> dict[str, Any]:
    settings: dict[str, Any] = {"constraints": draw(st.sampled_from(["off", "warn", "enforce"]))}
    roles: dict[str, Any] = {}
    if draw(st.booleans()):
        roles["agent"] = "plan_agent"
    if draw(st.booleans()):
        roles["applications"] = draw(_some(["plan_web", "Plan Odd"]))
    if draw(st.booleans()):
        roles["readers"] = draw(_some(["plan_report"]))
    return {**settings, "roles": roles} if roles else settings


@st.composite
def _mapping(draw: st.DrawFn, name: str) -> dict[str, Any]:
    writable = draw(st.booleans())
    mapping: dict[str, Any] = {
        "object": name,
        "table": draw(st.sampled_from([name.lower(), f"Odd {name}"])),
        "access": "read_write" if writable else "read_only",
        "fields": draw(_fields()),
        "log": draw(st.sampled_from(["changes", "full"])),
    }
    if writable and draw(st.booleans()):
        mapping["upsert_field"] = "Ext__c"
    if indexes := draw(_some([{"field": "Name"}, {"field": "Ext__c"}])):
        mapping["indexes"] = [{**one, "unique": draw(st.booleans())} for one in indexes]
    if draw(st.booleans()):
        expression = draw(st.sampled_from(COMPUTED))
        mapping["computed"] = [{"column": "shout", "type": "text", "expression": expression}]
    if draw(st.booleans()):
        mapping["roles"] = {"applications": ["plan_web"]}
    if draw(st.booleans()):
        mapping["writes"] = "ordered"
    if writable or mapping["log"] == "full":
        mapping["replicated"] = draw(st.booleans())
    return mapping


@st.composite
def _fields(draw: st.DrawFn) -> list[Any]:
    own: list[Any] = ["Name", "Free__c", "Ext__c"]
    more: list[Any] = ["Order", "Sum__c", "State__c", "ParentId", "Parent__Ext__c", "CreatedDate"]
    if draw(st.booleans()):
        own[0:0] = ["*"]
        more = ["Parent__Ext__c", {"field": "Order", "column": "Odd Order"}]
        more.append({"field": "State__c", "access": "read_only"})
    return own + draw(_some(more))


def _some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    picked = st.lists(st.sampled_from(range(len(values))), unique=True)
    return picked.map(lambda chosen: [values[at] for at in sorted(chosen)])
