"""Somebody else who works in the emulated org, and who can make things go wrong there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from connectsql.salesforce.login import ClientCredentials
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session
from support.command import PATIENCE, Command

CLIENT, SECRET = "emulator", "emulator-secret"


class Somebody:
    """A user of the org at ``url``."""

    def __init__(self, url: str, session: Session, http: requests.Session) -> None:
        self.url = url
        self._session = session
        self._http = http

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call of the REST API."""
        return self._session.call(method, path, json=body, idempotent=False).body

    def records(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Return the records that a SOQL query gives, without their attributes."""
        return [
            {name: value for name, value in record.items() if name != "attributes"}
            for page in Rest(self._session).query_pages(soql, deleted=deleted)
            for record in page.records
        ]

    def plan(self, *faults: dict[str, Any]) -> None:
        """Let these faults happen, and no others."""
        self._control("DELETE", "faults")
        self._control("POST", "faults", json=list(faults))

    def calls(self, path: str = "", *, since: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        """Return the completed calls whose path fits; wait so long for the first."""
        wanted = {"path": path, "since": since, "wait": wait}
        found: list[dict[str, Any]] = self._control("GET", "calls", params=wanted).json()["calls"]
        return found

    def wait_for_calls(self, number: int, path: str, *, since: int = 0) -> list[dict[str, Any]]:
        """Wait until the org has completed so many calls whose path fits."""
        patient_until = time.monotonic() + PATIENCE
        found = self.calls(path, since=since, wait=PATIENCE)
        while len(found) < number:
            assert time.monotonic() < patient_until, found
            found += self.calls(path, since=found[-1]["n"] if found else since, wait=PATIENCE)
        return found

    def last_call(self) -> int:
        """Return the number of the latest call."""
        return int(self._control("GET", "calls").json()["last"])

    def _control(self, method: str, path: str, **more: Any) -> requests.Response:
        url = f"{self.url}/__emulator__/{path}"
        answer = self._http.request(method, url, timeout=2 * PATIENCE, **more)
        answer.raise_for_status()
        return answer


@contextmanager
def somebody(url: str) -> Iterator[Somebody]:
    """Log in to the org at ``url``."""
    login = ClientCredentials(CLIENT, SECRET)
    with Session(url, login, "62.0") as session, requests.Session() as http:
        yield Somebody(url, session, http)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[Somebody]:
    """Run `connectsql emulator` and give somebody in its org."""
    with Command(folder, {}).running("emulator", *arguments) as emulator:
        assert emulator.process.stdout is not None
        told = emulator.process.stdout.readline()
        assert told, emulator.wait() or emulator.errors
        with somebody(json.loads(told)["url"]) as person:
            yield person


def login(url: str) -> dict[str, str]:
    """Return the variables by which connectsql reaches the org."""
    return {
        "SALESFORCE_INSTANCE_URL": url,
        "SALESFORCE_CLIENT_ID": CLIENT,
        "SALESFORCE_CLIENT_SECRET": SECRET,
    }
