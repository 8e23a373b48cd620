from __future__ import annotations

from typing import Any

import pytest

from connectsql.describe.model import Org, SObject
from connectsql.describe.relationships import (
    RelationshipColumn,
    Unresolved,
    candidate_parents,
    resolve,
)

Raws = dict[str, dict[str, Any]]


def org_of(raws: Raws, *without: str) -> tuple[Org, SObject]:
    objects = [SObject.from_describe(raw) for name, raw in raws.items() if name not in without]
    org = Org(tuple(objects))
    contact = org.object("contact")
    assert contact is not None
    return org, contact


RESOLVED = {
    "Account__Key__c": "AccountId Account Key__c",
    "account__key__C": "AccountId Account Key__c",
    "Project__r__ns__UUID__c": "Project__c ns__Project__c ns__UUID__c",
    "project__r__ns__uuid__c": "Project__c ns__Project__c ns__UUID__c",
    "Project__c__ns__UUID__c": "Project__c ns__Project__c ns__UUID__c",
    "Project__ns__UUID__c": "Project__c ns__Project__c ns__UUID__c",
    "ns__Project__c__ns__UUID__c": "Project__c ns__Project__c ns__UUID__c",
    "ns__File__c__ns__UUID__c": "ns__File__c ns__File__c ns__UUID__c",
    "ns__Files__r__ns__UUID__c": "ns__File__c ns__File__c ns__UUID__c",
    "AccountId__Key__c": "AccountId Account Key__c",
    "Bare__c__Key__c": "Bare__c Account Key__c",
    "Owner__Key__c": "OwnerId User Key__c",
    "Owner__DeveloperName": "OwnerId Group DeveloperName",
    "CreatedBy__FederationIdentifier": "CreatedById User FederationIdentifier",
}


@pytest.mark.parametrize("name", RESOLVED)
def test_a_name_finds_lookup_parent_and_field(name: str, raw_org: Raws) -> None:
    org, contact = org_of(raw_org)
    found = resolve(org, contact, name)
    assert isinstance(found, RelationshipColumn)
    assert f"{found.lookup.name} {found.parent.name} {found.external_id.name}" == RESOLVED[name]


UNRESOLVED = {
    "Account__Plain__c": Unresolved(reason="Account__Plain__c is a field of Contact itself"),
    "Nmae": Unresolved(reason="Contact has no field Nmae", hint="did you mean Name?"),
    "Zzz": Unresolved(reason="Contact has no field Zzz"),
    "Kex__c": Unresolved(
        reason="Contact has no field or relationship Kex__c", hint="did you mean Key__c?"
    ),
    "Parent__Secret__c": Unresolved(
        reason="Contact has no field or relationship Parent__Secret__c",
        hint="a parent's external id is written <relationship name>__<field of the parent>",
    ),
    "Account__Kye__c": Unresolved(
        reason="Account__Kye__c: AccountId points to Account, which has no field Kye__c",
        hint="did you mean Account__Key__c?",
    ),
    "Owner__Zzz__c": Unresolved(
        reason="Owner__Zzz__c: OwnerId points to Group or User, which has no field Zzz__c"
    ),
    "User__Key__c": Unresolved(
        reason="User__Key__c could go through OwnerId or CreatedById",
        hint="write Owner__Key__c or CreatedBy__Key__c",
    ),
}


@pytest.mark.parametrize("name", UNRESOLVED)
def test_a_name_that_leads_nowhere_says_why(name: str, raw_org: Raws) -> None:
    org, contact = org_of(raw_org)
    assert resolve(org, contact, name) == UNRESOLVED[name]


def test_a_missing_parent_is_named(raw_org: Raws) -> None:
    org, contact = org_of(raw_org, "Account")
    assert resolve(org, contact, "Account__Key__c") == Unresolved(
        reason="Account__Key__c needs the describe of Account, which is not in the snapshot",
        hint="fetch it: connectsql describe",
        undescribed=("Account",),
    )


def test_a_polymorphic_lookup_needs_only_the_parent_with_the_field(raw_org: Raws) -> None:
    org, contact = org_of(raw_org, "Group")
    found = resolve(org, contact, "Owner__Key__c")
    assert isinstance(found, RelationshipColumn)
    assert found.parent.name == "User"
    missing = resolve(org, contact, "Owner__Zzz__c")
    assert isinstance(missing, Unresolved)
    assert missing.undescribed == ("Group",)


def test_an_external_id_is_preferred(raw_org: Raws) -> None:
    raw_org["Group"]["fields"].append({"name": "Key__c", "type": "string"})
    org, contact = org_of(raw_org)
    found = resolve(org, contact, "Owner__Key__c")
    assert isinstance(found, RelationshipColumn)
    assert found.parent.name == "User"


def test_the_parents_to_describe(raw_org: Raws) -> None:
    _, contact = org_of(raw_org)
    names = ["Name", "AccountId", "Account__Plain__c", "Owner__Key__c", "Project__r__ns__UUID__c"]
    assert candidate_parents(contact, names) == ("Group", "User", "ns__Project__c")
    assert candidate_parents(contact, ["Nothing__Key__c", "Name"]) == ()
