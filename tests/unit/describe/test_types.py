from __future__ import annotations

from typing import Any

import pytest

from connectsql.describe.model import Field
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError


def field(type: str, **more: Any) -> Field:
    return Field(name=more.pop("name", "F"), label="F", type=type, **more)


TYPES = [  # field, heroku, native
    (field("id"), "varchar(18)", "varchar(18)"),
    (field("reference", length=18), "varchar(18)", "varchar(18)"),
    (field("string", length=80), "varchar(80)", "varchar(80)"),
    (field("string", length=1300, calculated=True), "varchar(1300)", "varchar(1300)"),
    (field("string"), "text", "text"),
    (field("email", length=80), "varchar(80)", "varchar(80)"),
    (field("phone", length=40), "varchar(40)", "varchar(40)"),
    (field("url", length=255), "varchar(255)", "varchar(255)"),
    (field("textarea", length=255), "varchar(255)", "varchar(255)"),
    (field("textarea", length=4000), "varchar(4000)", "varchar(4000)"),
    (field("textarea", length=4001), "text", "text"),
    (field("textarea", length=32000), "text", "text"),
    (field("picklist", length=255), "varchar(255)", "varchar(255)"),
    (field("picklist", length=40), "varchar(255)", "varchar(255)"),
    (field("picklist", length=3), "varchar(3)", "varchar(3)"),
    (field("picklist"), "varchar(255)", "varchar(255)"),
    (field("combobox", length=80), "varchar(80)", "varchar(80)"),
    (field("multipicklist", length=4099), "varchar(4099)", "varchar(4099)"),
    (field("encryptedstring", length=175), "varchar(175)", "varchar(175)"),
    (field("DataCategoryGroupReference", length=80), "varchar(80)", "varchar(80)"),
    (field("boolean"), "boolean", "boolean"),
    (field("int", digits=9), "integer", "integer"),
    (field("int", digits=10), "integer", "bigint"),
    (field("long"), "bigint", "bigint"),
    (field("double", precision=18, scale=15), "double precision", "numeric"),
    (field("currency", precision=18, scale=2), "double precision", "numeric"),
    (field("percent", precision=5, scale=0), "double precision", "numeric"),
    (field("double", precision=18, scale=2, calculated=True), "double precision", "numeric"),
    (field("double"), "double precision", "numeric"),
    (field("double", precision=2, scale=5), "double precision", "numeric"),
    (field("date"), "date", "date"),
    (field("datetime"), "timestamp without time zone", "timestamptz"),
    (field("time"), "time", "time"),
    (field("anyType"), "text", "text"),
]


@pytest.mark.parametrize(("given", "heroku", "native"), TYPES)
def test_a_field_has_a_column_type(given: Field, heroku: str, native: str) -> None:
    assert column_type(given, "heroku") == heroku
    assert column_type(given, "native") == native


UNMAPPABLE = [
    (
        field("address", name="BillingAddress"),
        "BillingAddress is a compound address: it cannot be one column",
        "map its components instead: BillingStreet, BillingCity, BillingPostalCode, "
        "BillingState, BillingCountry",
    ),
    (
        field("address", name="Address"),
        "Address is a compound address: it cannot be one column",
        "map its components instead: Street, City, PostalCode, State, Country",
    ),
    (
        field("address", name="Home__c"),
        "Home__c is a compound address: it cannot be one column",
        "map its components instead: Home__Street__s, Home__City__s, Home__PostalCode__s, "
        "Home__StateCode__s, Home__CountryCode__s",
    ),
    (
        field("location", name="Where__c"),
        "Where__c is a compound location: it cannot be one column",
        "map its components instead: Where__Latitude__s, Where__Longitude__s",
    ),
    (
        field("base64", name="Body"),
        "Body holds a file (base64), which is not synced",
        "leave it out of the mapping's fields",
    ),
    (
        field("complexvalue", name="Rule"),
        "Rule holds a nested value (complexvalue), which is not synced",
        "leave it out of the mapping's fields, and map the fields it is made of",
    ),
    (
        field("hologram", name="H"),
        "H is of type hologram, which connectsql does not know",
        "leave it out of the mapping's fields",
    ),
]


@pytest.mark.parametrize("types", ["heroku", "native"])
@pytest.mark.parametrize(("given", "message", "hint"), UNMAPPABLE)
def test_a_field_that_no_column_holds(given: Field, message: str, hint: str, types: str) -> None:
    with pytest.raises(DescribeError) as caught:
        column_type(given, types)
    assert (caught.value.message, caught.value.hint) == (message, hint)
