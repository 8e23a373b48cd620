"""Results of several pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

COUNT = 4500


@pytest.fixture(scope="module")
def crowd() -> Iterator[Client]:
    with start_in_thread(Options(seed_records={"Lead": COUNT})) as org:
        client = Client(org)
        yield client
        client.close()


def test_pages_have_2000_records_and_link_to_the_next(crowd: Client) -> None:
    sizes, ids = [], []
    url = "query?q=SELECT+Id+FROM+Lead+ORDER+BY+Id"
    while url:
        page = crowd.get(url).json()
        assert page["totalSize"] == COUNT
        assert page["done"] == ("nextRecordsUrl" not in page)
        sizes.append(len(page["records"]))
        ids += [record["Id"] for record in page["records"]]
        url = page.get("nextRecordsUrl")
        assert url is None or url.endswith(f"-{len(ids)}")
    assert sizes == [2000, 2000, 500]
    assert ids == sorted(set(ids))


def test_a_caller_may_ask_for_smaller_pages(crowd: Client) -> None:
    for asked, given in ((200, 200), (10, 200), (450, 450), (9999, 2000)):
        headers = {"Sforce-Query-Options": f"batchSize={asked}"}
        params = {"q": "SELECT Id FROM Lead"}
        page = crowd.call("GET", "queryAll/", params=params, headers=headers).json()
        assert len(page["records"]) == given


def test_a_result_is_complete_at_exactly_one_page(crowd: Client) -> None:
    page = crowd.get("query", q="SELECT Id FROM Lead LIMIT 2000").json()
    assert (page["done"], page["totalSize"]) == (True, 2000)


def test_a_result_stays_as_it_was(crowd: Client) -> None:
    first = crowd.get("query", q="SELECT Id, Title FROM Lead ORDER BY Id").json()
    last = crowd.query("SELECT Id FROM Lead ORDER BY Id DESC LIMIT 1")[0]["Id"]
    crowd.call("PATCH", f"sobjects/Lead/{last}", json={"Title": "changed since"})
    crowd.create("Lead", LastName="new", Company="x")
    second = crowd.get(first["nextRecordsUrl"]).json()
    third = crowd.get(second["nextRecordsUrl"]).json()
    again = crowd.get(second["nextRecordsUrl"]).json()
    assert third == again
    assert third["done"]
    assert third["records"][-1]["Id"] == last
    assert third["records"][-1]["Title"] != "changed since"


@pytest.mark.parametrize("locator", ["nonsense", "01gEm0000zzzzzzAAA-2000", "-1"])
def test_an_unknown_locator_is_refused(crowd: Client, locator: str) -> None:
    answer = crowd.get(f"query/{locator}")
    assert answer.status_code == 400
    assert answer.json() == [
        {"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}
    ]


def test_the_results_of_ten_queries_are_kept(fresh: Client) -> None:
    rows = [{"attributes": {"type": "Lead"}, "LastName": "x", "Company": "y"}] * 200
    fresh.collection("POST", "", rows)
    fresh.collection("POST", "", rows)
    headers = {"Sforce-Query-Options": "batchSize=200"}

    def opened() -> str:
        params = {"q": "SELECT Id FROM Lead"}
        answer = fresh.call("GET", "query", params=params, headers=headers).json()
        return str(answer["nextRecordsUrl"])

    first, second, *_ = [opened() for _ in range(10)]
    assert fresh.get(first).status_code == 200
    opened()
    assert fresh.get(first).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert fresh.get(second).status_code == 200


def test_a_page_may_begin_anywhere(crowd: Client) -> None:
    first = crowd.get("query", q="SELECT Id FROM Lead ORDER BY Id").json()
    locator = first["nextRecordsUrl"].rpartition("-")[0]
    total = first["totalSize"]
    page = crowd.get(f"{locator}-{total - 1}").json()
    assert (len(page["records"]), page["done"], page["totalSize"]) == (1, True, total)
    assert crowd.get(f"{locator}-{total}").status_code == 400
    again = crowd.get(first["nextRecordsUrl"].replace("/query/", "/queryAll/")).json()
    assert again["records"][0] != first["records"][0]


def test_queries_are_got(crowd: Client) -> None:
    assert crowd.call("POST", "query", json={"q": "SELECT Id FROM Lead"}).status_code == 405
