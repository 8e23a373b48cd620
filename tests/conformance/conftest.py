"""The org that is asked: an emulated one, or a real one that two variables name.

    CONFORMANCE_INSTANCE_URL=https://... CONFORMANCE_ACCESS_TOKEN=... pytest tests/conformance

Of a real org the suite only reads, and only what is marked ``harmless``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .recordings import RECORDED, VERSION

REAL_URL = os.environ.get("CONFORMANCE_INSTANCE_URL", "").rstrip("/")
REAL_TOKEN = os.environ.get("CONFORMANCE_ACCESS_TOKEN", "")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "harmless: only reads, so a real org may be asked, too")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = pytest.mark.skip(reason="needs the recorded answers, in ../shared")
    writes = pytest.mark.skip(reason="a real org is only read from")
    for item in items:
        if not item.path.is_relative_to(here):
            continue
        if not RECORDED.exists():
            item.add_marker(missing)
        if REAL_URL and item.get_closest_marker("harmless") is None:
            item.add_marker(writes)


@dataclass(frozen=True)
class Target:
    """Where an org is, and a session of it."""

    url: str
    token: str

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request; a path that begins with no slash is below the version's root."""
        whole = path if path.startswith("/") else f"/services/data/v{VERSION}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"} | more.pop("headers", {})
        return requests.request(method, self.url + whole, headers=headers, timeout=60, **more)

    def get(self, path: str, **params: Any) -> requests.Response:
        """Send a GET."""
        return self.call("GET", path, params=params)


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """The org that is read from."""
    if REAL_URL:
        yield Target(REAL_URL, REAL_TOKEN)
        return
    with start_in_thread(Options(seed_records={"Account": 3, "Contact": 3})) as org:
        yield Target(org.url, org.access_token)
