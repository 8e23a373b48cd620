"""Small describes of our own, and the desired schema of a config over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectsql.compiler.model import Desired
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.config.model import Config
from connectsql.describe.model import Org, SObject

SYSTEM = {"createable": False, "updateable": False, "nillable": False}


def field(name: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    """Return a field's describe; strings have 80 characters unless said otherwise."""
    given = {"length": 80 if type_ == "string" else 0, "createable": True, "updateable": True}
    return {"name": name, "label": name, "type": type_, "nillable": True, **given, **more}


def sobject(name: str, *fields: dict[str, Any]) -> SObject:
    """Return an object with the system fields and these."""
    system = [
        field("Id", "id", length=18, **SYSTEM),
        field("IsDeleted", "boolean", **SYSTEM),
        field("CreatedDate", "datetime", **SYSTEM),
        field("SystemModstamp", "datetime", **SYSTEM),
    ]
    return SObject.from_describe({"name": name, "label": name, "fields": [*system, *fields]})


def external_id(name: str = "Ext__c") -> dict[str, Any]:
    """Return a unique external id field."""
    return field(name, externalId=True, unique=True, idLookup=True)


ACCOUNT = sobject(
    "Account",
    field("Name", nillable=False),
    field("Phone"),
    field("Revenue__c", "currency", precision=18, scale=2),
    external_id(),
)
CONTACT = sobject(
    "Contact",
    field("LastName", nillable=False),
    field("AccountId", "reference", length=18, referenceTo=["Account"], relationshipName="Account"),
    external_id(),
)
ORG = Org((ACCOUNT, CONTACT))


def desire(folder: Path, text: str, org: Org = ORG) -> tuple[Config, Desired]:
    """Write a config, load it and resolve it against an org."""
    path = folder / "connectsql.yaml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    return config, resolve(config, org).desired
