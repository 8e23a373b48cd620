from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connectsql.errors import ApiError, OrgUnreachable
from connectsql.salesforce.rest import Rest

NEXT = "/services/data/v68.0/query/01gxx-2000"


@pytest.fixture
def rest(session):
    return Rest(session)


def page(records, done=True, url=None, total=3):
    body = {"totalSize": total, "done": done, "records": records}
    return {**body, "nextRecordsUrl": url} if url else body


def test_versions(org, rest):
    org.then(200, [{"version": "100.0"}, {"version": "68.0"}, {"version": "9.0"}])
    assert rest.versions() == ["9.0", "68.0", "100.0"]
    assert org.received[0].path == "/services/data"


def test_describe(org, rest):
    org.then(200, {"name": "Account", "fields": []})
    assert rest.describe("Account")["name"] == "Account"
    assert org.received[0].path.endswith("/sobjects/Account/describe")


def test_describe_of_an_unknown_object(org, rest):
    org.then(404, [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}])
    with pytest.raises(ApiError) as caught:
        rest.describe("Nothing__c")
    assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")


def test_describe_global(org, rest):
    org.then(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [{"name": "Account"}]})
    assert rest.describe_global() == [{"name": "Account"}]


def test_limits(org, rest):
    org.then(200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14982}})
    assert rest.limits()["DailyApiRequests"]["Remaining"] == 14982


@pytest.mark.parametrize("call", ["describe_global", "limits", "versions"])
def test_answers_of_another_shape(org, rest, call):
    org.then(200, 7)
    with pytest.raises(OrgUnreachable):
        getattr(rest, call)()


class TestQuery:
    def test_follows_the_pages(self, org, rest):
        org.then(200, page([{"Id": "1"}, {"Id": "2"}], done=False, url=NEXT))
        org.then(200, page([{"Id": "3"}]))
        pages = list(rest.query_pages("SELECT Id FROM Account WHERE A = '+&é'", batch_size=500))
        assert [len(page.records) for page in pages] == [2, 1]
        assert {page.total_size for page in pages} == {3}
        assert pages[0].server_time is not None
        first, second = org.received
        assert urlsplit(first.path).path.endswith("/query")
        assert parse_qs(urlsplit(first.path).query) == {
            "q": ["SELECT Id FROM Account WHERE A = '+&é'"]
        }
        assert second.path == NEXT
        assert {request.headers["Sforce-Query-Options"] for request in org.received} == {
            "batchSize=500"
        }

    def test_with_deleted(self, org, rest):
        org.then(200, page([]))
        list(rest.query_pages("SELECT Id FROM Account", deleted=True))
        assert urlsplit(org.received[0].path).path.endswith("/queryAll")

    def test_asks_only_for_what_is_wanted(self, org, rest):
        org.then(200, page([], done=False, url=NEXT))
        next(rest.query_pages("SELECT Id FROM Account"))
        assert len(org.received) == 1

    def test_a_lost_locator_is_told_at_once(self, org, rest):
        org.then(200, page([], done=False, url=NEXT))
        org.then(400, [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}])
        with pytest.raises(ApiError) as caught:
            list(rest.query_pages("SELECT Id FROM Account"))
        assert caught.value.code == "INVALID_QUERY_LOCATOR"
        assert len(org.received) == 2

    @pytest.mark.parametrize("url", [None, "https://evil.test/services/x", 3])
    def test_a_page_that_leads_nowhere(self, org, rest, url):
        org.then(200, page([], done=False, url=url))
        with pytest.raises(OrgUnreachable, match="where"):
            list(rest.query_pages("SELECT Id FROM Account"))

    def test_recorded_pages(self, org, rest, recorded):
        for name in ("first", "last"):
            org.raw(200, recorded(f"query_paginated_{name}_page"), Content_Type="application/json")
        pages = list(rest.query_pages("SELECT Text_Label FROM Whizbang"))
        labels = [record["Text_Label"] for page in pages for record in page.records]
        assert labels == ["First Page", "Last Page"]
