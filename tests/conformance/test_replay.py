"""Recorded exchanges with real orgs, sent to the emulator: the answers have to be the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectsql.emulator import Options, start_in_thread

from .compare import Ids, differences, read
from .conftest import Target
from .earlier import create_what_was_there
from .recordings import Exchange, cassette, described
from .table import EXCERPTS, LEFT_OUT, REPLAYED

_FILLED = ("id", "jobId", "object")
_PATIENCE = 30  # seconds

DESCRIBES = ("Account", "Case", "Contact", "Event", "Lead", "Opportunity")


@pytest.fixture(scope="module")
def describes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with describes of real orgs."""
    folder = tmp_path_factory.mktemp("describes")
    for name in DESCRIBES:
        (folder / f"{name}.json").write_text(described(name))
    return folder


@pytest.fixture
def org(describes: Path) -> Iterator[Target]:
    with start_in_thread(Options(describe=describes)) as running:
        yield Target(running.url, running.access_token)


@pytest.mark.parametrize("name", REPLAYED)
def test_a_cassette(name: str, org: Target) -> None:
    ids = Ids()
    exchanges = [one for one in cassette(name) if not _is_left_out(name, one)]
    assert exchanges
    for exchange in exchanges:
        create_what_was_there(org, exchange, ids)
        _wait_for_batch(org, exchange, ids)
        wrong = _replay(org, exchange, ids, excerpt=name in EXCERPTS)
        assert not wrong, f"{exchange.name}\n" + "\n".join(wrong[:20])


def _is_left_out(name: str, exchange: Exchange) -> bool:
    return any(part in exchange.path for part, _ in LEFT_OUT.get(name, ()))


def _replay(org: Target, exchange: Exchange, ids: Ids, *, excerpt: bool) -> list[str]:
    kind = "application/xml" if (exchange.body or "").startswith("<") else "application/json"
    if exchange.body and not exchange.body.startswith(("<", "{")):
        kind = "text/csv"
    headers = {"Content-Type": f"{kind}; charset=UTF-8", "X-SFDC-Session": org.token}
    body = ids.own(exchange.body).encode() if exchange.body else None
    answer = org.call(exchange.method, ids.own(exchange.path), data=body, headers=headers)
    wrong = []
    if answer.status_code != exchange.status:
        wrong.append(f"status {exchange.status} was recorded: {answer.status_code} {answer.text}")
    is_data = exchange.path.startswith("/services/data")
    if is_data and "api-usage=" not in answer.headers.get("Sforce-Limit-Info", ""):
        wrong.append("Sforce-Limit-Info is missing")
    if exchange.content_type and (is_data or exchange.answer is None):
        told = answer.headers.get("Content-Type", "")
        if not told.lower().startswith(exchange.content_type.lower()):
            wrong.append(f"Content-Type is {told}")
    if exchange.status == 201 and exchange.path.rstrip("/").count("/") == 5:
        created = answer.json()["id"]
        assert answer.headers["Location"].endswith(f"/{created}")
    if exchange.answer is None:
        recorded = {name: exchange.filled[name] for name in _FILLED if name in exchange.filled}
        answered = read(answer.text)
        only = answered[0] if isinstance(answered, list) else answered
        only = only.get("batchInfo", only)
        return wrong + differences(recorded, only, ids, excerpt=True)
    return wrong + differences(read(exchange.answer), read(answer.text), ids, excerpt=excerpt)


def _wait_for_batch(org: Target, exchange: Exchange, ids: Ids) -> None:
    """Let a batch be done before its result is asked for: orgs differ in how long it takes."""
    batch, found, _ = ids.own(exchange.path).partition("/result")
    deadline = time.monotonic() + _PATIENCE
    while found and "/async/" in batch:
        answer = org.call("GET", batch, headers={"X-SFDC-Session": org.token})
        if any(state in answer.text for state in ("Completed", "Failed")):
            return
        assert time.monotonic() < deadline, answer.text


def test_describes_come_back_as_they_were_recorded(org: Target) -> None:
    for name in DESCRIBES:
        recorded = json.loads(described(name))
        answer = org.get(recorded["urls"]["describe"])
        assert {"ETag", "Last-Modified"} <= set(answer.headers)
        wrong = differences(recorded, answer.json(), Ids(), excerpt=True)
        assert not wrong, "\n".join(wrong[:20])
