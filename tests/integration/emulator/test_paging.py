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


def test_the_oldest_of_many_results_is_given_up(crowd: Client) -> None:
    text = "SELECT Id FROM Lead"
    first = crowd.get("query", q=text).json()["nextRecordsUrl"]
    for _ in range(50):
        crowd.get("query", q=text)
    assert crowd.get(first).status_code == 400
