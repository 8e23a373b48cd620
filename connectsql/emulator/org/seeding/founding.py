"""Gives a new org its Organization and its one user, who owns and creates everything."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org import clock
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import Field
from connectsql.emulator.org.store import Row

_ORGANIZATION: Row = {
    "Name": "Emulated Org",
    "PrimaryContact": "Integration User",
    "DefaultLocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "TimeZoneSidKey": "UTC",
    "OrganizationType": "Developer Edition",
    "InstanceName": "EMU1",
}
_USER: Row = {
    "FirstName": "Integration",
    "LastName": "User",
    "Alias": "integ",
    "CommunityNickname": "integration",
    "IsActive": 1,
    "UserType": "Standard",
    "TimeZoneSidKey": "UTC",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "EmailEncodingKey": "UTF-8",
}


def found(org: OrgCore) -> None:
    """Create the two records, unless the org has them from an earlier run."""
    username = org.options.username
    with org.transaction():
        _create(org, "Organization", _ORGANIZATION)
        _create(org, "User", _USER | {"Username": username, "Email": username})


def user(org: OrgCore) -> Row:
    """Return what is known of the user: the record, and the rest as it was founded."""
    username = org.options.username
    person = _USER | {"Username": username, "Email": username} | _record(org, "User", org.user_id)
    person.setdefault("Name", f"{person['FirstName']} {person['LastName']}")
    person.setdefault("LastModifiedDate", clock.stamp(org.started))
    return person


def organization(org: OrgCore) -> Row:
    """Return what is known of the organization: the record, and the rest as it was founded."""
    return _ORGANIZATION | _record(org, "Organization", org.org_id)


def _record(org: OrgCore, name: str, record_id: str) -> Row:
    sobject = org.object(name)
    row = (sobject and org.store.fetch(sobject, record_id)) or {}
    return {key: value for key, value in row.items() if value is not None}


def _create(org: OrgCore, name: str, told: Row) -> None:
    sobject = org.object(name)
    if sobject is None or org.store.count(sobject):
        return
    given = {key: _allowed(sobject.field(key), value) for key, value in told.items()}
    row = org.records(sobject).complete(given, clock.stamp(org.now()))
    row["Id"] = org.store.new_id(sobject)
    org.store.insert(sobject, [row])


def _allowed(field: Field | None, value: Any) -> Any:
    """Return the value, or one that the field's own picklist allows."""
    wrong = field is not None and field.restricted and value not in field.options
    return field.options[0] if field and wrong else value
