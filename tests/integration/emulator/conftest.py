"""An org over HTTP and a client that knows its way around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from connectsql.emulator import Options, RunningOrg, start_in_thread

VERSION = "v60.0"
LONGEST_QUERY = 5000


class Client:
    """Calls an org; paths are below the version's root unless they begin with a slash."""

    def __init__(self, org: RunningOrg) -> None:
        self.org = org
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {org.access_token}"

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        whole = path if path.startswith("/") else f"/services/data/{VERSION}/{path}"
        return self.session.request(method, self.org.url + whole, timeout=30, **more)

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def query(self, text: str) -> list[dict[str, Any]]:
        status, told = self.asked(text)
        assert status == 200, told
        records: list[dict[str, Any]] = told["records"]
        return records

    def asked(self, text: str) -> tuple[int, Any]:
        """Query, and if the text is too long for an address, as a part of a batch."""
        if len(text) < LONGEST_QUERY:
            answer = self.get("query", q=text)
            return answer.status_code, answer.json()
        part = {"method": "GET", "url": f"{VERSION}/query?{urlencode({'q': text})}"}
        (result,) = self.call("POST", "composite/batch", json={"batchRequests": [part]}).json()[
            "results"
        ]
        return result["statusCode"], result["result"]

    def names(self, text: str) -> list[Any]:
        return [record["Name"] for record in self.query(text)]

    def refused(self, text: str) -> tuple[str, str]:
        status, told = self.asked(text)
        assert status == 400, told
        (error,) = told
        return error["errorCode"], error["message"]

    def create(self, object_name: str, **fields: Any) -> str:
        answer = self.call("POST", f"sobjects/{object_name}", json=fields)
        assert answer.status_code == 201, answer.text
        record_id: str = answer.json()["id"]
        return record_id

    def row_error(self, object_name: str, **fields: Any) -> dict[str, Any]:
        answer = self.call("POST", f"sobjects/{object_name}", json=fields)
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()
        return dict(error)

    def collection(self, method: str, path: str, records: list[Any], **more: Any) -> Any:
        body = {"records": records, **more}
        answer = self.call(method, f"composite/sobjects{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self.session.close()


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    with start_in_thread(Options()) as running:
        yield running


@pytest.fixture(scope="module")
def client(org: RunningOrg) -> Iterator[Client]:
    made = Client(org)
    yield made
    made.close()


@pytest.fixture
def fresh() -> Iterator[Client]:
    """A client of an org of its own."""
    with start_in_thread(Options()) as running:
        made = Client(running)
        yield made
        made.close()
