"""simple-salesforce reads and writes records one by one, and understands the org's refusals."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from connectsql.emulator import RunningOrg

from .support.https import rerouted_session


def test_a_record_from_its_creation_to_its_end(salesforce: Salesforce) -> None:
    created = salesforce.Account.create({"Name": "Édouard & Söhne 株式会社", "Phone": "1"})
    assert created == {"id": created["id"], "success": True, "errors": []}
    assert salesforce.Account.update(created["id"], {"Phone": None}) == 204
    record = salesforce.Account.get(created["id"])
    assert record["attributes"]["type"] == "Account"
    assert (record["Name"], record["Phone"]) == ("Édouard & Söhne 株式会社", None)
    assert salesforce.Account.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Account.get(created["id"])


def test_a_record_by_its_external_id(salesforce: Salesforce) -> None:
    key = "a/b%é"
    path = f"ExternalId__c/{quote(key, safe='')}"
    assert salesforce.Account.upsert(path, {"Name": "first"}) == 201
    assert salesforce.Account.upsert(path, {"Name": "second"}) == 200
    answer = salesforce.Account.upsert(path, {"Name": "third"}, raw_response=True)
    told = answer.json()
    assert told == {"id": told["id"], "success": True, "errors": [], "created": False}
    found = salesforce.Account.get_by_custom_id("ExternalId__c", key)
    assert (found["Id"], found["Name"], found["ExternalId__c"]) == (told["id"], "third", key)


def test_describes(salesforce: Salesforce) -> None:
    described = salesforce.Contact.describe()
    assert {"Id", "AccountId", "LastName"} <= {one["name"] for one in described["fields"]}
    assert salesforce.Contact.metadata()["objectDescribe"]["keyPrefix"] == "003"
    listed = salesforce.describe()
    assert listed is not None
    assert {"Account", "Contact"} <= {one["name"] for one in listed["sobjects"]}


def test_what_was_changed_and_deleted_lately(salesforce: Salesforce) -> None:
    kept = salesforce.Lead.create({"LastName": "kept", "Company": "x"})["id"]
    gone = salesforce.Lead.create({"LastName": "gone", "Company": "x"})["id"]
    salesforce.Lead.delete(gone)
    now = dt.datetime.now(dt.UTC)
    span = now - dt.timedelta(hours=1), now + dt.timedelta(minutes=2)
    updated = salesforce.Lead.updated(*span)
    assert kept in updated["ids"]
    assert gone not in updated["ids"]
    deleted = salesforce.Lead.deleted(*span)
    assert [one["id"] for one in deleted["deletedRecords"]] == [gone]
    assert {"earliestDateAvailable", "latestDateCovered"} <= set(deleted)


def test_limits_and_what_is_used_of_them(salesforce: Salesforce) -> None:
    assert salesforce.limits()["DailyApiRequests"]["Max"] > 0
    used = salesforce.api_usage["api-usage"]
    assert 0 < used.used <= used.total


def test_a_request_that_is_refused(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.Contact.create({"FirstName": "no last name"})
    (error,) = refused.value.content
    assert (error["errorCode"], error["fields"]) == ("REQUIRED_FIELD_MISSING", ["LastName"])


def test_an_object_or_a_record_that_is_not_there(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Nothing__c.describe()
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Account.get("001000000000000AAA")


def test_an_external_id_of_several_records(salesforce: Salesforce) -> None:
    for _ in range(2):
        salesforce.Contact.create({"LastName": "twin", "Email": "twin@example.com"})
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        salesforce.Contact.upsert("Email/twin@example.com", {"LastName": "which"})
    assert len(several.value.content) == 2


def test_a_session_that_has_ended(org: RunningOrg) -> None:
    with rerouted_session(org.url) as session:
        late = Salesforce(session_id="00D!ended", instance_url=org.url, session=session)
        with pytest.raises(SalesforceExpiredSession) as expired:
            late.limits()
    assert expired.value.content[0]["errorCode"] == "INVALID_SESSION_ID"
