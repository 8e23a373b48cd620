from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from connectsql.errors import ApiError, OrgUnreachable
from connectsql.salesforce.collections import Collections, RowResult, read_result

ID = "0015500001QdQWaAAN"
GOOD = {"id": ID, "success": True, "errors": []}
BAD = {
    "success": False,
    "errors": [{"statusCode": "STRING_TOO_LONG", "message": "too long", "fields": ["Name"]}],
}


@pytest.fixture
def collections(session):
    return Collections(session)


class TestCreate:
    def test_sends_nested_records_and_reads_each_result(self, org, collections):
        org.then(200, [GOOD, BAD])
        results = collections.create("Contact", [{"LastName": "x", "Account.Ext__c": "y"}, {}])
        (request,) = org.received
        assert (request.method, request.path) == ("POST", "/services/data/v68.0/composite/sobjects")
        assert request.json == {
            "allOrNone": False,
            "records": [
                {
                    "attributes": {"type": "Contact"},
                    "LastName": "x",
                    "Account": {"Ext__c": "y"},
                },
                {"attributes": {"type": "Contact"}},
            ],
        }
        assert results == [
            RowResult(id=ID, success=True, created=True),
            RowResult(
                id=None,
                success=False,
                code="STRING_TOO_LONG",
                message="too long",
                fields=("Name",),
            ),
        ]

    def test_no_rows_make_no_call(self, org, collections):
        assert collections.create("Contact", []) == []
        assert collections.delete([]) == []
        assert collections.retrieve("Contact", [], ["Id"]) == []
        assert org.received == []

    def test_at_most_200(self, org, collections):
        rows = [{"Name": "x"}] * 201
        for call in (
            lambda: collections.create("Account", rows),
            lambda: collections.update("Account", [{"Id": ID}] * 201),
            lambda: collections.upsert("Account", "Name", rows),
            lambda: collections.delete([ID] * 201),
        ):
            with pytest.raises(ValueError, match="201 rows"):
                call()
        assert org.received == []

    def test_the_whole_call_refused(self, org, collections):
        org.then(400, [{"message": "Unexpected character", "errorCode": "JSON_PARSER_ERROR"}])
        with pytest.raises(ApiError, match="JSON_PARSER_ERROR") as caught:
            collections.create("Account", [{"Name": "x"}])
        assert caught.value.status == 400

    def test_no_write_is_repeated(self, org, collections):
        org.reset()
        for call in (
            lambda: collections.create("Account", [{"Name": "x"}]),
            lambda: collections.update("Account", [{"Id": ID}]),
            lambda: collections.upsert("Account", "Name", [{"Name": "x"}]),
            lambda: collections.delete([ID]),
        ):
            with pytest.raises(OrgUnreachable):
                call()
        assert len(org.received) == 4

    @pytest.mark.parametrize("body", [[], [GOOD, GOOD], {"a": 1}, "x", ["x"], None])
    def test_an_answer_that_does_not_fit_leaves_the_outcome_open(self, org, collections, body):
        org.then(200, body if body != "x" else '"x"')
        with pytest.raises(OrgUnreachable) as caught:
            collections.create("Account", [{"Name": "x"}])
        assert caught.value.sent is True


class TestUpdate:
    def test_rows_carry_their_id(self, org, collections):
        org.then(200, [GOOD])
        (result,) = collections.update("Account", [{"Id": ID, "Name": "x"}])
        assert org.received[0].method == "PATCH"
        assert org.received[0].json["records"] == [
            {"attributes": {"type": "Account"}, "id": ID, "Name": "x"}
        ]
        assert result == RowResult(id=ID, success=True)

    def test_a_row_without_id(self, collections):
        with pytest.raises(ValueError, match="no Id"):
            collections.update("Account", [{"Name": "x"}])


class TestUpsert:
    def test_tells_insert_from_update(self, org, collections):
        org.then(200, [{**GOOD, "created": True}, {**GOOD, "created": False}])
        results = collections.upsert("Account", "Ext__c", [{"Ext__c": "1"}, {"Ext__c": "2"}])
        assert org.received[0].path.endswith("/composite/sobjects/Account/Ext__c")
        assert [result.created for result in results] == [True, False]

    @pytest.mark.parametrize("row", [{}, {"Ext__c": None}])
    def test_a_row_without_the_value(self, collections, row):
        with pytest.raises(ValueError, match=r"no Ext__c"):
            collections.upsert("Account", "Ext__c", [row])


class TestDelete:
    def test_names_the_ids(self, org, collections):
        gone = {"id": ID, "success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED"}]}
        org.then(200, [GOOD, gone])
        results = collections.delete([ID, ID])
        query = parse_qs(urlsplit(org.received[0].path).query)
        assert query == {"ids": [f"{ID},{ID}"], "allOrNone": ["false"]}
        assert [result.code for result in results] == ["", "ENTITY_IS_DELETED"]
        assert results[1].id == ID

    def test_200_ids_fit_into_the_url(self, org, collections):
        org.then(200, [GOOD] * 200)
        assert len(collections.delete([ID] * 200)) == 200


class TestRetrieve:
    def test_any_number_in_order(self, org, collections):
        org.then(200, [{"Id": str(n)} for n in range(2000)]).then(200, [None])
        records = collections.retrieve("Account", [ID] * 2001, ["Id", "Name"])
        assert [len(request.json["ids"]) for request in org.received] == [2000, 1]
        assert org.received[0].json["fields"] == ["Id", "Name"]
        assert records[1999:] == [{"Id": "1999"}, None]

    def test_is_repeated(self, org, collections):
        org.reset().then(200, [None])
        assert collections.retrieve("Account", [ID], ["Id"]) == [None]


class TestResult:
    def test_several_errors_are_all_told(self):
        result = read_result(
            {
                "success": False,
                "errors": [
                    {"statusCode": "A", "message": "one", "fields": ["X"]},
                    {"statusCode": "B", "message": "two", "fields": []},
                ],
            }
        )
        assert (result.code, result.message, result.fields) == ("A", "one; B: two", ("X",))

    @pytest.mark.parametrize("item", [{}, {"success": "true"}, {"success": False, "errors": []}])
    def test_success_is_never_guessed(self, item):
        assert read_result(item).success is False
