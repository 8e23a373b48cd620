from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectsql.errors import ApiError
from connectsql.salesforce import soql
from connectsql.salesforce.classify import Verdict, classify
from connectsql.salesforce.collections import Collections
from connectsql.salesforce.record import flatten
from connectsql.salesforce.rest import Rest

SEEDED = 5200


@pytest.fixture
def rest(session):
    return Rest(session)


@pytest.fixture
def collections(session):
    return Collections(session)


class TestDescribe:
    def test_an_object(self, rest):
        described = rest.describe("Contact")
        fields = {field["name"]: field for field in described["fields"]}
        assert described["name"] == "Contact"
        assert fields["AccountId"]["relationshipName"] == "Account"
        assert fields["ExternalId__c"]["externalId"] is True

    def test_all_objects(self, rest):
        assert {"Account", "Contact"} <= {one["name"] for one in rest.describe_global()}

    def test_an_unknown_object(self, rest):
        with pytest.raises(ApiError) as caught:
            rest.describe("Nothing__c")
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")


class TestQuery:
    def test_pages(self, rest):
        pages = list(rest.query_pages("SELECT Id FROM Lead ORDER BY Id", deleted=True))
        assert [len(page.records) for page in pages] == [2000, 2000, 1200]
        assert {page.total_size for page in pages} == {SEEDED}
        ids = [record["Id"] for page in pages for record in page.records]
        assert len(set(ids)) == SEEDED
        assert ids == sorted(ids)

    def test_smaller_pages(self, rest):
        page = next(rest.query_pages("SELECT Id FROM Lead", batch_size=200))
        assert len(page.records) == 200

    def test_an_expired_session_between_two_pages(self, org, rest):
        pages = rest.query_pages("SELECT Id FROM Lead")
        first = next(pages)
        org.expire_sessions()
        assert len(first.records) + sum(len(page.records) for page in pages) == SEEDED

    def test_a_lost_locator(self, session):
        with pytest.raises(ApiError) as caught:
            session.call("GET", "query/01gxx0000000000AAA-2000", idempotent=True)
        error = caught.value
        assert classify(error.status, error.code, error.message) is Verdict.RESTART

    @pytest.mark.parametrize(
        "text", ["O'Neill", "back\\slash", 'say "hi"', "a\nb\tc", "Žižek 😀", "100% _", "a+b&c=d"]
    )
    def test_every_text_finds_itself(self, rest, collections, text):
        (made,) = collections.create("Account", [{"Name": text}])
        where = soql.compare("Name", "=", text)
        (page,) = rest.query_pages(soql.select(["Id", "Name"], "Account", where=where))
        assert {"Id": made.id, "Name": text} in [
            flatten(record, ["Id", "Name"]) for record in page.records
        ]

    def test_a_window_of_time(self, rest):
        since = datetime(2020, 1, 1, tzinfo=UTC)
        where = soql.both(
            soql.compare("SystemModstamp", ">=", since),
            soql.either(
                soql.compare("Id", ">", "00Q000000000000EAA"), soql.compare("Name", "=", None)
            ),
        )
        query = soql.select(
            ["Id", "SystemModstamp"],
            "Lead",
            where=where,
            order_by=["SystemModstamp", "Id DESC"],
            limit=3,
        )
        (page,) = rest.query_pages(query)
        assert len(page.records) == 3

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("SELECT Nothing__c FROM Lead", "INVALID_FIELD"),
            ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
            ("SELECT Id FROM", "MALFORMED_QUERY"),
        ],
    )
    def test_wrong_queries(self, rest, query, code):
        with pytest.raises(ApiError) as caught:
            list(rest.query_pages(query))
        error = caught.value
        assert (error.status, error.code) == (400, code)
        assert classify(error.status, error.code, error.message) is Verdict.STOP_OBJECT

    def test_a_parent_and_none(self, rest, collections):
        (account,) = collections.create("Account", [{"Name": "parent", "ExternalId__c": "P-1"}])
        rows = [{"LastName": "with", "AccountId": account.id}, {"LastName": "without"}]
        made = collections.create("Contact", rows)
        paths = ["LastName", "Account.ExternalId__c"]
        ids = [one.id for one in made]
        query = soql.select(paths, "Contact", where=soql.one_of("Id", ids), order_by=["LastName"])
        (page,) = rest.query_pages(query)
        assert [flatten(record, paths) for record in page.records] == [
            {"LastName": "with", "Account.ExternalId__c": "P-1"},
            {"LastName": "without", "Account.ExternalId__c": None},
        ]
