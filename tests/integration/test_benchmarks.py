"""Benchmarks run to their end; what they measure is not for tests to judge."""

from __future__ import annotations

from pathlib import Path

from support.postgres import TestServer

from benchmarks import capture, claim, compiling, notify
from benchmarks.ground import Ground


def test_capture_is_measured_on_all_tables(postgres_server: TestServer, tmp_path: Path) -> None:
    sizes = capture.Sizes(
        held=200, usual_held=60, rows=20, usual_rows=3, transactions=2, repetitions=2
    )
    figures = list(capture.compare(Ground(postgres_server.server, tmp_path), sizes))
    assert {len(one.repetitions) for one in figures} == {2}
    assert {one.target for one in figures} == {
        None, "bulk insert", "bulk update", "no change", "full insert", "full update",
        "one row", "agent write",
    }  # fmt: skip


def test_compiling_is_measured(postgres_server: TestServer, tmp_path: Path) -> None:
    sizes = compiling.Sizes(mappings=2, fields=3, repetitions=1)
    figures = list(compiling.compare(Ground(postgres_server.server, tmp_path), sizes))
    assert [one.target for one in figures] == [None, "compile", None, None, "compile"]


def test_claims_are_measured(postgres_server: TestServer, tmp_path: Path) -> None:
    sizes = claim.Sizes(
        histories=(10, 20), backlog=20, entries=5, claims_in_snapshot=6, repetitions=2
    )
    figures = list(claim.compare(Ground(postgres_server.server, tmp_path), sizes))
    assert [one.target for one in figures] == [None, "claim", "claim", "claim"]


def test_many_writers_are_measured(postgres_server: TestServer, tmp_path: Path) -> None:
    sizes = notify.Sizes(rows=50, clients=4, seconds=1, repetitions=1)
    figures = list(notify.compare(Ground(postgres_server.server, tmp_path), sizes))
    assert [one.target for one in figures] == [None, "writers", None, None]
    assert all(one.value > 0 for one in figures)
