"""The object Whizbang, which many recorded answers are about, as a describe.

It was never handed over itself: it is put together from the recorded describe of another
custom object and from what the answers show of its fields.
"""

from __future__ import annotations

import json
from typing import Any

from .recordings import described

WHIZBANG = {
    "Name": "My First Whizbang",
    "Checkbox_Label__c": False,
    "Currency_Label__c": 23.0,
    "Date_Label__c": "2010-01-01",
    "DateTime_Label__c": "2011-07-07T00:37:00.000+0000",
    "Email_Label__c": "danny@example.com",
    "Number_Label__c": 23.0,
    "Percent_Label__c": 33.0,
    "Phone_Label__c": "(415) 555-1212",
    "Picklist_Label__c": "one",
    "Picklist_Multiselect_Label__c": "four;six",
    "Text_Label__c": "Hi there!",
    "TextArea_Label__c": "a text area",
    "TextAreaLong_Label__c": "a loooooooooooooong text area",
    "TextAreaRich_Label__c": "Rich <strong>text</strong>",
    "URL_Label__c": "http://pivotallabs.com",
    "External_Field__c": "1234",
}

_SYSTEM = (
    "Id", "OwnerId", "IsDeleted", "CreatedDate", "CreatedById",
    "LastModifiedDate", "LastModifiedById", "SystemModstamp",
)  # fmt: skip
_NUMBER = {"soapType": "xsd:double", "precision": 18, "scale": 2}
_FIELDS: dict[str, dict[str, Any]] = {
    "Auto_Number__c": {"autoNumber": True, "createable": False, "updateable": False},
    "Checkbox_Label__c": {"type": "boolean", "soapType": "xsd:boolean", "nillable": False,
                          "defaultedOnCreate": True, "defaultValue": False},
    "Currency_Label__c": {"type": "currency", **_NUMBER},
    "Date_Label__c": {"type": "date", "soapType": "xsd:date"},
    "DateTime_Label__c": {"type": "datetime", "soapType": "xsd:dateTime"},
    "OtherDateTime_Label__c": {"type": "datetime", "soapType": "xsd:dateTime"},
    "Email_Label__c": {"type": "email", "length": 80, "idLookup": True},
    "Number_Label__c": {"type": "double", **_NUMBER},
    "Percent_Label__c": {"type": "percent", **_NUMBER},
    "Phone_Label__c": {"type": "phone", "length": 40},
    "Picklist_Label__c": {"type": "picklist"},
    "Picklist_Multiselect_Label__c": {"type": "multipicklist", "length": 4099},
    "Text_Label__c": {},
    "TextArea_Label__c": {"type": "textarea"},
    "TextAreaLong_Label__c": {"type": "textarea", "length": 32768},
    "TextAreaRich_Label__c": {"type": "textarea", "length": 32768, "htmlFormatted": True},
    "URL_Label__c": {"type": "url"},
    "External_Field__c": {"externalId": True, "unique": True, "idLookup": True},
    "ParentWhizbang__c": {"type": "reference", "soapType": "tns:ID", "length": 18,
                          "referenceTo": ["Whizbang__c"], "relationshipName": "ParentWhizbang__r"},
}  # fmt: skip


def describe() -> dict[str, Any]:
    """Return the describe."""
    told: dict[str, Any] = json.loads(described("Custom__c").replace("Custom__c", "Whizbang__c"))
    account = {one["name"]: one for one in json.loads(described("Account"))["fields"]}
    plain = account["Site"] | {"custom": True, "length": 255, "picklistValues": []}
    name = account["Name"] | {"length": 80, "compoundFieldName": None}
    made = [
        plain | {"name": one, "label": one.removesuffix("__c"), "type": "string"} | more
        for one, more in _FIELDS.items()
    ]
    told["fields"] = [*(account[one] for one in _SYSTEM), name, *made]
    told["childRelationships"] = [
        {"cascadeDelete": False, "childSObject": "Whizbang__c", "deprecatedAndHidden": False,
         "field": "ParentWhizbang__c", "junctionIdListNames": [], "junctionReferenceTo": [],
         "relationshipName": "Whizbangs__r", "restrictedDelete": False}
    ]  # fmt: skip
    return told
