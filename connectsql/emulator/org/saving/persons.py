"""Person accounts: an account with a last name is a person's, any other needs a name."""

from __future__ import annotations

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.errors import refuse_row

_OF_PERSONS = ("Salutation", "FirstName", "MiddleName", "LastName", "Suffix")


def is_of_persons(sobject: SObject) -> bool:
    """Tell whether an object has person accounts."""
    return sobject.name == "Account" and all(
        map(sobject.field, ("IsPersonAccount", "FirstName", "LastName"))
    )


def check_person(sobject: SObject, row: Row, *, creating: bool) -> None:
    """Refuse an account that is named both as a person and as a company, or not at all."""
    if row.get("LastName") and row.get("Name"):
        message = f"{sobject.label}: bad field names on insert/update call: Name"
        raise refuse_row("INVALID_FIELD_FOR_INSERT_UPDATE", message, "Name")
    if creating and not (row.get("LastName") or row.get("Name")):
        given = any(row.get(name) for name in _OF_PERSONS)
        lacking = "LastName" if given else "Name"
        message = f"Required fields are missing: [{lacking}]"
        raise refuse_row("REQUIRED_FIELD_MISSING", message, lacking)
