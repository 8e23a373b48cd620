from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectsql.errors import ApiError
from connectsql.salesforce.classify import Verdict, classify, duplicate_of
from connectsql.salesforce.collections import Collections


@pytest.fixture
def collections(session):
    return Collections(session)


def verdict(result):
    return classify(200, result.code, result.message, result.fields)


def accounts(mark, count):
    return [{"Name": f"{mark} {n}", "ExternalId__c": f"{mark}-{n}"} for n in range(count)]


class TestCreate:
    def test_200_with_some_refused(self, collections):
        rows = accounts("create", 200)
        for n in range(0, 200, 50):
            rows[n]["Name"] = None
        rows[7]["Name"] = "x" * 300
        results = collections.create("Account", rows)
        refused = [n for n, result in enumerate(results) if not result.success]
        assert refused == [0, 7, 50, 100, 150]
        assert results[0].code == "REQUIRED_FIELD_MISSING"
        assert results[7].code == "STRING_TOO_LONG"
        assert results[7].fields == ("Name",)
        assert {verdict(results[n]) for n in refused} == {Verdict.PARK}
        good = [result for result in results if result.success]
        assert len({result.id for result in good}) == 195
        assert all(result.created for result in good)

    def test_values_come_back_as_they_went(self, collections):
        sent = {
            "Name": "exact",
            "StageName": "Prospecting",
            "CloseDate": date(2026, 2, 28),
            "Amount": Decimal("1234567890123.45"),
            "Description": "é 😀 \"quoted\" \\ 'single'\nline",
        }
        (made,) = collections.create("Opportunity", [sent])
        (read,) = collections.retrieve("Opportunity", [made.id], [*sent, "CreatedDate"])
        assert read["Amount"] == Decimal("1234567890123.45")
        assert read["CloseDate"] == "2026-02-28"
        assert read["Description"] == sent["Description"]
        created = datetime.fromisoformat(read["CreatedDate"])
        assert abs((datetime.now(UTC) - created).total_seconds()) < 60

    def test_a_unique_value_that_another_record_has(self, collections):
        (first,) = collections.create("Account", accounts("unique", 1))
        (second,) = collections.create("Account", accounts("unique", 1))
        assert second.code == "DUPLICATE_VALUE"
        assert verdict(second) is Verdict.LINK
        found = duplicate_of(second.message)
        assert (found.field, found.id) == ("ExternalId__c", first.id)

    def test_a_parent_by_external_id(self, collections):
        (parent,) = collections.create("Account", accounts("parent", 1))
        rows = [
            {"LastName": "found", "Account.ExternalId__c": "parent-0"},
            {"LastName": "too early", "Account.ExternalId__c": "parent-99"},
        ]
        found, early = collections.create("Contact", rows)
        (read,) = collections.retrieve("Contact", [found.id], ["AccountId"])
        assert read["AccountId"] == parent.id
        assert verdict(early) is Verdict.RETRY_PARENT

    def test_an_unknown_object(self, collections):
        (result,) = _outcome(lambda: collections.create("Nothing__c", [{"Name": "x"}]))
        assert classify(400, result.code, result.message) in (Verdict.STOP_OBJECT, Verdict.GONE)

    def test_an_unknown_field(self, collections):
        (result,) = _outcome(lambda: collections.create("Account", [{"Name": "x", "No__c": 1}]))
        assert classify(400, result.code, result.message) is Verdict.STOP_OBJECT


def _outcome(call):
    """Return the row results, or the error that refused the whole call."""
    try:
        return call()
    except ApiError as error:
        return [error]


class TestUpdate:
    def test_changes_what_is_named_and_nothing_else(self, collections):
        (made,) = collections.create("Account", [{"Name": "before", "Phone": "1"}])
        (result,) = collections.update("Account", [{"Id": made.id, "Phone": None}])
        assert result.success
        assert not result.created
        (read,) = collections.retrieve("Account", [made.id], ["Name", "Phone"])
        assert (read["Name"], read["Phone"]) == ("before", None)

    def test_a_deleted_record(self, collections):
        (made,) = collections.create("Account", [{"Name": "gone"}])
        assert collections.delete([made.id])[0].success
        (result,) = collections.update("Account", [{"Id": made.id, "Name": "x"}])
        assert result.code == "ENTITY_IS_DELETED"
        assert verdict(result) is Verdict.GONE


class TestUpsert:
    def test_inserts_then_updates(self, collections):
        first = collections.upsert("Account", "ExternalId__c", accounts("upsert", 200))
        again = collections.upsert("Account", "ExternalId__c", accounts("upsert", 200))
        assert all(result.created for result in first)
        assert not any(result.created for result in again)
        assert [one.id for one in first] == [one.id for one in again]

    def test_a_field_that_is_no_external_id(self, collections):
        (result,) = _outcome(lambda: collections.upsert("Account", "Phone", [{"Phone": "1"}]))
        assert classify(400, result.code, result.message) is not Verdict.RETRY


class TestDelete:
    def test_twice(self, collections):
        made = collections.create("Account", accounts("delete", 200))
        ids = [one.id for one in made]
        assert all(result.success for result in collections.delete(ids))
        again = collections.delete(ids)
        assert {verdict(result) for result in again} == {Verdict.GONE}


class TestRetrieve:
    def test_2000_in_one_call(self, org, session, collections):
        ids = [
            result.id
            for n in range(10)
            for result in collections.create("Contact", [{"LastName": f"{n}"}] * 200)
        ]
        before = len(org.calls())
        records = collections.retrieve("Contact", ids, ["Id", "Name"])
        assert [record["Id"] for record in records] == ids
        assert len(org.calls()) == before + 1

    def test_ids_that_are_no_records(self, collections):
        (made,) = collections.create("Account", [{"Name": "there"}])
        ids = [made.id, "001000000000000AAA", "not an id"]
        there, unknown, invalid = collections.retrieve("Account", ids, ["Id"])
        assert there["Id"] == made.id
        assert (unknown, invalid) == (None, None)

    def test_an_unknown_field(self, collections):
        with pytest.raises(ApiError) as caught:
            collections.retrieve("Account", ["001000000000000AAA"], ["Id", "No__c"])
        assert caught.value.status == 400
