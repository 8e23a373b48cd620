"""The page of figures says what the results say."""

from __future__ import annotations

from pathlib import Path

from benchmarks import results, table
from benchmarks.figures import TARGETS, Figure
from benchmarks.times import Times, in_turn


def test_the_page_has_the_table_that_the_results_make() -> None:
    page = table.PAGE.read_text(encoding="utf-8")
    assert table.rewritten(page, results.read()) == page, "run: python -m benchmarks --table"


def test_a_result_judges_the_median_by_the_target() -> None:
    figures = [
        Figure(name="kept", unit="x", repetitions=[1.0, 1.6, 9.0], target="bulk insert"),
        Figure(name="missed", unit="x", repetitions=[0.5, 0.7, 0.1], target="load"),
        Figure(name="free", unit="ms", repetitions=[3.0]),
    ]
    told = results.result("some", {}, figures)["figures"]
    assert [one["met"] for one in told] == [True, False, None]
    assert [one["target"] for one in told] == ["<= 1.6 x", ">= 0.6 x", None]
    assert [one["value"] for one in told] == [1.6, 0.5, 3.0]


def test_a_miss_is_shown_and_so_is_what_is_not_measured() -> None:
    machine = results.machine("18.0") | {"load_before": 0.1}
    figures = [Figure(name="slow", unit="x", repetitions=[0.5], target="load")]
    shown = table.render([results.result("some", machine, figures)])
    assert "| slow | 0.50 x | 0.50, 0.50 | >= 0.6 x | **missed** |" in shown
    assert f"- {TARGETS['calls'].what}: <= 2 calls" in shown
    assert TARGETS["load"].what not in shown


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    result = results.result("some", {}, [Figure(name="a", unit="µs", repetitions=[1.23456])])
    results.write(tmp_path, result)
    assert results.read(tmp_path) == [result]


def test_a_ratio_pairs_what_ran_in_the_same_repetition() -> None:
    times = Times()
    for ours, theirs in ((2.0, 1.0), (9.0, 3.0), (1.0, 1.0)):
        times.note("write", "ours", ours)
        times.note("write", "theirs", theirs)
    assert times.ratios("write", "ours", "theirs") == [2.0, 3.0, 1.0]


def test_nobody_always_goes_first() -> None:
    assert [in_turn(["a", "b"], turn) for turn in range(3)] == [["a", "b"], ["b", "a"], ["a", "b"]]
