"""Deleted records: what goes along, what forbids it, what comes back and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client

WON = {"StageName": "Closed Won", "CloseDate": "2026-01-31"}
OPEN = {"StageName": "Prospecting", "CloseDate": "2026-01-31"}


def delete(client: Client, object_name: str, record_id: str) -> Any:
    return client.call("DELETE", f"sobjects/{object_name}/{record_id}")


def control(client: Client, name: str, *ids: str) -> list[dict[str, Any]]:
    answer = client.call("POST", f"/__emulator__/{name}", json={"ids": list(ids)})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def everywhere(client: Client, object_name: str, record_id: str, field: str = "IsDeleted") -> Any:
    """Return a field of a record wherever it lies, or None if it is gone for good."""
    text = f"SELECT {field} FROM {object_name} WHERE Id = '{record_id}'"
    found = client.get("queryAll", q=text).json()["records"]
    return found[0][field] if found else None


def test_details_go_along_and_come_back(client: Client) -> None:
    account = client.create("Account", Name="Parent")
    contact = client.create("Contact", LastName="x", AccountId=account)
    deal = client.create("Opportunity", Name="Deal", AccountId=account, **OPEN)
    assert delete(client, "Account", account).status_code == 204
    rows = [("Account", account), ("Contact", contact), ("Opportunity", deal)]
    assert [everywhere(client, *row) for row in rows] == [True] * 3
    again = delete(client, "Contact", contact)
    assert again.status_code == 404
    assert again.json() == [
        {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}
    ]
    (alone,) = control(client, "undelete", contact)
    assert alone["errors"] == [
        {
            "statusCode": "UNDELETE_FAILED",
            "message": "Entity is not in the recycle bin",
            "fields": [],
        }
    ]
    (back,) = control(client, "undelete", account)
    assert back == {"id": account, "success": True, "errors": []}
    assert [everywhere(client, *row) for row in rows] == [False] * 3
    assert everywhere(client, "Contact", contact, "AccountId") == account
    assert not control(client, "undelete", account)[0]["success"]


def test_a_record_deleted_before_its_parent_stays_deleted(client: Client) -> None:
    account = client.create("Account", Name="Parent")
    contact = client.create("Contact", LastName="x", AccountId=account)
    for row in (("Contact", contact), ("Account", account)):
        delete(client, *row)
    (orphan,) = control(client, "undelete", contact)
    assert orphan["success"] is True
    control(client, "undelete", account)
    assert everywhere(client, "Contact", contact) is False


def test_cases_and_won_deals_keep_an_account(client: Client) -> None:
    account = client.create("Account", Name="Held")
    contact = client.create("Contact", FirstName="Josh", LastName="Davis", AccountId=account)
    case = client.create("Case", ContactId=contact)
    number = everywhere(client, "Case", case, "CaseNumber")
    for row, name in ((("Contact", contact), "Josh Davis"), (("Account", account), "Josh Davis")):
        answer = delete(client, *row)
        assert answer.status_code == 400
        assert answer.json() == [
            {
                "message": f"Your attempt to delete {name} could not be completed because it is "
                f"associated with the following cases.: {number}\n",
                "errorCode": "DELETE_FAILED",
                "fields": [],
            }
        ]
    delete(client, "Case", case)
    deal = client.create("Opportunity", Name="Deal", AccountId=account, **WON)
    assert "opportunities.: Deal" in delete(client, "Account", account).json()[0]["message"]
    assert everywhere(client, "Contact", contact) is False
    delete(client, "Opportunity", deal)
    assert delete(client, "Account", account).status_code == 204


def test_other_lookups_are_emptied_and_filled_again(client: Client) -> None:
    boss = client.create("Contact", LastName="Boss")
    kept = client.create("Contact", LastName="kept", ReportsToId=boss)
    moved = client.create("Contact", LastName="moved", ReportsToId=boss)
    other = client.create("Contact", LastName="Other")
    changed = everywhere(client, "Contact", kept, "LastModifiedDate")
    delete(client, "Contact", boss)
    assert everywhere(client, "Contact", kept, "ReportsToId") is None
    assert everywhere(client, "Contact", kept, "LastModifiedDate") == changed
    client.call("PATCH", f"sobjects/Contact/{moved}", json={"ReportsToId": other})
    control(client, "undelete", boss)
    assert everywhere(client, "Contact", kept, "ReportsToId") == boss
    assert everywhere(client, "Contact", moved, "ReportsToId") == other


def test_a_unique_value_given_away_forbids_the_return(client: Client) -> None:
    first = client.create("Account", Name="x", ExternalId__c="bin-1")
    delete(client, "Account", first)
    second = client.create("Account", Name="y", ExternalId__c="bin-1")
    (result,) = control(client, "undelete", first)
    assert result["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert second in result["errors"][0]["message"]
    assert everywhere(client, "Account", first) is True


def test_purged_records_are_gone_from_everywhere(client: Client) -> None:
    account = client.create("Account", Name="x")
    contact = client.create("Contact", LastName="x", AccountId=account)
    delete(client, "Account", account)
    assert control(client, "purge", account)[0]["success"]
    live = client.create("Account", Name="y")
    child = client.create("Contact", LastName="y", AccountId=live)
    assert control(client, "purge", live)[0]["success"]
    for row in (("Account", account), ("Contact", contact), ("Account", live), ("Contact", child)):
        assert everywhere(client, *row) is None
    (result,) = control(client, "undelete", account)
    assert result["errors"][0]["statusCode"] == "UNDELETE_FAILED"
    codes = [one["errors"][0]["statusCode"] for one in control(client, "purge", account, "nope")]
    assert codes == ["INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]


def test_the_bin_can_be_emptied(fresh: Client) -> None:
    ids = [fresh.create("Lead", LastName="x", Company="y") for _ in range(3)]
    for record_id in ids[:2]:
        delete(fresh, "Lead", record_id)
    assert fresh.call("DELETE", "/__emulator__/bin").json() == {"purged": 2}
    assert [everywhere(fresh, "Lead", one) for one in ids] == [None, None, False]


def test_a_refused_row_takes_its_details_with_it(client: Client) -> None:
    account = client.create("Account", Name="x")
    contact = client.create("Contact", LastName="x", AccountId=account)
    held = client.create("Contact", LastName="held")
    client.create("Case", ContactId=held)
    params = {"ids": f"{account},{held}", "allOrNone": "true"}
    results = client.call("DELETE", "composite/sobjects", params=params).json()
    assert [one["errors"][0]["statusCode"] for one in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "DELETE_FAILED",
    ]
    assert everywhere(client, "Contact", contact) is False


@pytest.mark.parametrize("name", ["undelete", "purge", "merge"])
def test_what_the_control_routes_do_not_understand(client: Client, name: str) -> None:
    for body in ({"ids": "x"}, {}, {"fields": 1, "losers": []}):
        answer = client.call("POST", f"/__emulator__/{name}", json=body)
        assert answer.status_code == 400
