"""The type table: which Postgres column type holds a Salesforce field.

``heroku`` is Heroku Connect's own table, so that an application made for it finds the
columns it knows. ``native`` differs where Heroku Connect loses something: a time zone, the
cents of a large amount, an int of more than nine digits.
"""

from __future__ import annotations

from collections.abc import Callable

from connectsql.describe.model import Field
from connectsql.errors import DescribeError

# Dumps of Heroku Connect show text areas of up to 1,333 characters as varchar and those of
# 32,000 as text; none lies between. 4,000 parts a long text area from a bounded one.
LONGEST_VARCHAR_TEXTAREA = 4000
# What every standard picklist reports. Heroku Connect once made varchar(40) of it and makes
# varchar(255) since it found that orgs hold longer values; other lengths it keeps.
STANDARD_PICKLIST = 40
DIGITS_OF_INTEGER = 9

_SAME_IN_BOTH = {
    "id": "varchar(18)",
    "reference": "varchar(18)",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "anyType": "text",
    "long": "bigint",
}
_BOUNDED = {
    "string", "email", "phone", "url", "multipicklist", "encryptedstring",
    "DataCategoryGroupReference",
}  # fmt: skip
_NUMBERS = {"double", "currency", "percent"}
_PICKLISTS = {"picklist", "combobox"}


def column_type(field: Field, types: str) -> str:
    """Return the column type for ``field`` in the profile ``types`` (heroku or native).

    Raises DescribeError, which names what to map instead, for a field that no column holds.
    """
    if same := _SAME_IN_BOTH.get(field.type):
        return same
    if field.type in _BOUNDED:
        return _varchar(field.length)
    if field.type == "textarea":
        return "text" if field.length > LONGEST_VARCHAR_TEXTAREA else _varchar(field.length)
    if profile := _PROFILES[types].get(field.type):
        return profile(field)
    raise _unmappable(field)


def _varchar(length: int) -> str:
    return f"varchar({length})" if length else "text"


def _picklist(field: Field) -> str:
    return "varchar(255)" if field.length in (0, STANDARD_PICKLIST) else _varchar(field.length)


def _native_int(field: Field) -> str:
    return "bigint" if field.digits > DIGITS_OF_INTEGER else "integer"


_PROFILES: dict[str, dict[str, Callable[[Field], str]]] = {
    "heroku": {
        "int": lambda _: "integer",
        "datetime": lambda _: "timestamp without time zone",
        **dict.fromkeys(_NUMBERS, lambda _: "double precision"),
        **dict.fromkeys(_PICKLISTS, _picklist),
    },
    "native": {
        "int": _native_int,
        "datetime": lambda _: "timestamptz",
        # Without precision and scale: see docs/decisions/0007-numbers-without-scale.md.
        **dict.fromkeys(_NUMBERS, lambda _: "numeric"),
        **dict.fromkeys(_PICKLISTS, _picklist),
    },
}


def _unmappable(field: Field) -> DescribeError:
    if field.type in ("address", "location"):
        parts = ", ".join(_components(field))
        return DescribeError(
            f"{field.name} is a compound {field.type}: it cannot be one column",
            hint=f"map its components instead: {parts}",
        )
    if field.type == "base64":
        return DescribeError(
            f"{field.name} holds a file (base64), which is not synced",
            hint="leave it out of the mapping's fields",
        )
    if field.type == "complexvalue":
        return DescribeError(
            f"{field.name} holds a nested value (complexvalue), which is not synced",
            hint="leave it out of the mapping's fields, and map the fields it is made of",
        )
    return DescribeError(
        f"{field.name} is of type {field.type}, which connectsql does not know",
        hint="leave it out of the mapping's fields",
    )


def _components(field: Field) -> list[str]:
    """Name the parts of a compound field by Salesforce's rule for naming them."""
    custom = field.name.endswith("__c")
    parts = ["Latitude", "Longitude"]
    if field.type == "address":
        state_and_country = ["StateCode", "CountryCode"] if custom else ["State", "Country"]
        parts = ["Street", "City", "PostalCode", *state_and_country]
    if custom:
        return [f"{field.name.removesuffix('c')}{part}__s" for part in parts]
    return [f"{field.name.removesuffix('Address').removesuffix('Location')}{one}" for one in parts]
