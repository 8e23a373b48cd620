from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Raw = dict[str, Any]


def _field(name: str, type: str = "string", **more: Any) -> Raw:
    return {"name": name, "type": type, "label": name, **more}


def _lookup(name: str, *parents: str, relationship: str | None) -> Raw:
    more = {"referenceTo": list(parents), "relationshipName": relationship}
    return _field(name, "reference", length=18, **more)


def _key(name: str) -> Raw:
    return _field(name, length=36, externalId=True, unique=True, idLookup=True)


def _sobject(name: str, *fields: Raw, **more: Any) -> Raw:
    return {"name": name, "label": name, "fields": [_field("Id", "id"), *fields], **more}


@pytest.fixture
def raw_field() -> Callable[..., Raw]:
    return _field


@pytest.fixture
def raw_sobject() -> Callable[..., Raw]:
    return _sobject


@pytest.fixture
def raw_org() -> dict[str, Raw]:
    """A small org with every kind of lookup."""
    contact = _sobject(
        "Contact",
        _field("Name"),
        _field("Account__Plain__c"),
        _key("Key__c"),
        _lookup("AccountId", "Account", relationship="Account"),
        _lookup("OwnerId", "Group", "User", relationship="Owner"),
        _lookup("CreatedById", "User", relationship="CreatedBy"),
        _lookup("Project__c", "ns__Project__c", relationship="Project__r"),
        _lookup("ns__File__c", "ns__File__c", relationship="ns__Files__r"),
        _lookup("Bare__c", "Account", relationship=None),
    )
    account = _sobject("Account", _key("Key__c"), _field("Key"), _field("Name"))
    project = _sobject("ns__Project__c", _key("ns__UUID__c"))
    user = _sobject("User", _key("Key__c"), _field("FederationIdentifier", idLookup=True))
    file = _sobject("ns__File__c", _key("ns__UUID__c"))
    group = _sobject("Group", _field("DeveloperName"))
    return {one["name"]: one for one in (contact, account, project, user, file, group)}
