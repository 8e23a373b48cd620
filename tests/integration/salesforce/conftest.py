"""An emulated org, and sessions with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from connectsql import emulator
from connectsql.salesforce.login import ClientCredentials, Login
from connectsql.salesforce.retry import Backoff
from connectsql.salesforce.session import Session

SEEDED = 5200


class Org:
    """The running org with its remote control."""

    def __init__(self, running: emulator.RunningOrg) -> None:
        self.running = running
        self.url = running.url
        self._http = requests.Session()

    @property
    def credentials(self) -> ClientCredentials:
        return ClientCredentials(self.running.client_id, self.running.client_secret)

    def expire_sessions(self) -> None:
        self._post("sessions/expire")

    def fail(self, **fault: Any) -> None:
        self._post("faults", [fault])

    def calls(self) -> list[dict[str, Any]]:
        answer = self._http.get(f"{self.url}/__emulator__/calls", timeout=10)
        answer.raise_for_status()
        calls: list[dict[str, Any]] = answer.json()["calls"]
        return calls

    def reset(self) -> None:
        for what in ("calls", "faults"):
            self._http.delete(f"{self.url}/__emulator__/{what}", timeout=10).raise_for_status()

    def close(self) -> None:
        self._http.close()
        self.running.stop()

    def _post(self, what: str, body: Any = None) -> None:
        address = f"{self.url}/__emulator__/{what}"
        self._http.post(address, json=body, timeout=10).raise_for_status()


@pytest.fixture(scope="module")
def running() -> Iterator[Org]:
    options = emulator.Options(seed_records={"Lead": SEEDED})
    org = Org(emulator.start_in_thread(options))
    yield org
    org.close()


@pytest.fixture
def org(running: Org) -> Org:
    """The module's org, with nothing going wrong and no call noted."""
    running.reset()
    return running


class Impatient(threading.Event):
    """A stop event that does not wait."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


@pytest.fixture
def connect() -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def connect(org: Org, login: Login | None = None, **options: Any) -> Session:
        options = {"stop": Impatient(), "backoff": Backoff(attempts=4), **options}
        sessions.append(Session(org.url, login or org.credentials, "62.0", **options))
        return sessions[-1]

    yield connect
    for session in sessions:
        session.close()


@pytest.fixture
def session(org: Org, connect: Callable[..., Session]) -> Session:
    return connect(org)
