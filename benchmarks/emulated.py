"""The emulated org alone: how fast it takes and gives records, and how much memory it needs.

It has to be faster than what it is used to measure. It runs in a process of its own; the
client sends bodies made before and reads answers without looking into them.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from benchmarks.figures import Figure
from benchmarks.ground import Ground, OrgProcess, org
from benchmarks.times import Times, in_turn

_FIELDS = ("Name", "Industry", "Phone", "BillingCity", "AnnualRevenue", "NumberOfEmployees",
           "Website", "ExternalId__c")  # fmt: skip
_ROOT = "/services/data/v60.0"
_PAGE = 200

CREATE = "created by collections of 200"
UPDATE = "updated by collections of 200"
INGEST = "inserted by a bulk job"
CREATE_TOLD = "created by collections of 200, with change events"
QUERY = "read by queries of 2,000"
BULK_QUERY = "read by a bulk query"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Records in each measure, and in the org whose memory is measured."""

    written: int = 10_000
    ingested: int = 20_000
    read: int = 100_000
    held: int = 1_000_000
    repetitions: int = 5


QUICK = Sizes(written=400, ingested=400, read=2_000, held=1_000, repetitions=2)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield the records a second of each way, and the memory of a large org."""
    sizes = QUICK if quick else Sizes()
    taken = Times()
    with ExitStack() as stack:
        client = _Client(stack.enter_context(org({"Account": sizes.read})), stack)
        told = _Client(stack.enter_context(org({}, "--events=*")), stack)
        ways = {
            CREATE_TOLD: (told.create, sizes.written),
            CREATE: (client.create, sizes.written),
            UPDATE: (client.update, sizes.written),
            INGEST: (client.ingest, sizes.ingested),
            QUERY: (client.query, sizes.read),
            BULK_QUERY: (client.bulk_query, sizes.read),
        }
        for repetition in range(sizes.repetitions):
            for way in in_turn(list(ways), repetition):
                act, count = ways[way]
                work = act(count)
                with taken.taken("org", way):
                    work()
    for way, (_, count) in ways.items():
        speed = [count / seconds for seconds in taken.of("org", way)]
        yield Figure(name=way, unit="rows/s", repetitions=speed, target=_TARGETS.get(way))
    slower = taken.ratios("org", CREATE_TOLD, CREATE)
    yield Figure(name="change events: a create takes so much longer", unit="x", repetitions=slower)
    yield _memory(sizes.held)


_TARGETS = {INGEST: "org write", BULK_QUERY: "org read"}


def _memory(held: int) -> Figure:
    with org({"Account": held}) as running:
        used = _resident_bytes(running) / 2**30
    return Figure(
        name=f"memory with {held:,} accounts", unit="GB", repetitions=[used], target="org memory"
    )


def _resident_bytes(running: OrgProcess) -> int:
    """Return the most memory a process has had; Linux tells it without a library."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


class _Client:
    """Makes ready what a way sends, so that the time taken is that of the calls."""

    def __init__(self, running: OrgProcess, stack: ExitStack) -> None:
        self._url = running.url
        self._http = stack.enter_context(requests.Session())
        self._http.headers["Authorization"] = f"Bearer {running.access_token}"
        self._made = 0

    def create(self, count: int) -> Callable[[], None]:
        """Create records in one call after the other."""
        rows = [{"attributes": {"type": "Account"}} | row for row in self._rows(count)]
        return partial(self._collections, "POST", _bodies(rows))

    def update(self, count: int) -> Callable[[], None]:
        """Change one field of records."""
        pages = self._pages(f"SELECT Id FROM Account LIMIT {count}")
        self._made += count
        rows = [
            {"attributes": {"type": "Account"}, "id": record["Id"], "Phone": f"{self._made}"}
            for page in pages
            for record in page
        ]
        return partial(self._collections, "PATCH", _bodies(rows))

    def ingest(self, count: int) -> Callable[[], None]:
        """Upload a job's data and wait until the job is done."""
        text = io.StringIO()
        writer = csv.DictWriter(text, _FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows(count))
        return partial(self._ingest, text.getvalue().encode(), count)

    def query(self, count: int) -> Callable[[], None]:
        """Read records page by page."""
        text = f"SELECT Id, {', '.join(_FIELDS)} FROM Account LIMIT {count}"
        return lambda: _expect(count, sum(map(len, self._pages(text))))

    def bulk_query(self, count: int) -> Callable[[], None]:
        """Run a query job and fetch its results."""
        text = f"SELECT Id, {', '.join(_FIELDS)} FROM Account LIMIT {count}"
        return partial(self._bulk_query, text, count)

    def _ingest(self, body: bytes, count: int) -> None:
        told = {"object": "Account", "operation": "insert", "contentType": "CSV"}
        job = self._call("POST", "/jobs/ingest", json=told).json()["id"]
        headers = {"Content-Type": "text/csv"}
        self._call("PUT", f"/jobs/ingest/{job}/batches", data=body, headers=headers)
        self._call("PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
        done = self._finished(f"/jobs/ingest/{job}")
        _expect(count, done["numberRecordsProcessed"] - done["numberRecordsFailed"])

    def _bulk_query(self, query: str, count: int) -> None:
        job = self._call("POST", "/jobs/query", json={"operation": "query", "query": query}).json()
        self._finished(f"/jobs/query/{job['id']}")
        locator, seen = "", 0
        while locator != "null":
            at = f"&locator={locator}" if locator else ""
            path = f"/jobs/query/{job['id']}/results?maxRecords=50000{at}"
            headers = self._call("GET", path).headers
            locator = headers["Sforce-Locator"]
            seen += int(headers["Sforce-NumberOfRecords"])
        _expect(count, seen)

    def _collections(self, method: str, bodies: list[bytes]) -> None:
        headers = {"Content-Type": "application/json"}
        for body in bodies:
            answer = self._call(method, "/composite/sobjects", data=body, headers=headers)
            assert b'"success":false' not in answer.content

    def _pages(self, query: str) -> Iterator[list[dict[str, Any]]]:
        page = self._call("GET", f"/query?q={quote(query)}").json()
        yield page["records"]
        while not page["done"]:
            page = self._call("GET", page["nextRecordsUrl"].removeprefix(_ROOT)).json()
            yield page["records"]

    def _finished(self, path: str) -> dict[str, Any]:
        while True:
            job: dict[str, Any] = self._call("GET", path).json()
            assert job["state"] not in ("Failed", "Aborted"), job
            if job["state"] == "JobComplete":
                return job

    def _rows(self, count: int) -> list[dict[str, str]]:
        start = self._made
        self._made += count
        return [
            dict(zip(_FIELDS, (f"Account {n}", "Energy", f"555-{n}", "Rome", f"{n}.5",
                               str(n % 9999), f"https://{n}.example", f"b-{n}"), strict=True))
            for n in range(start, start + count)
        ]  # fmt: skip

    def _call(self, method: str, path: str, **more: Any) -> requests.Response:
        answer = self._http.request(method, f"{self._url}{_ROOT}{path}", timeout=600, **more)
        answer.raise_for_status()
        return answer


def _bodies(rows: list[dict[str, Any]]) -> list[bytes]:
    starts = range(0, len(rows), _PAGE)
    return [json.dumps({"records": rows[start : start + _PAGE]}).encode() for start in starts]


def _expect(wanted: int, found: int) -> None:
    if found != wanted:
        raise AssertionError(f"{found} records instead of {wanted}")
