"""The page of figures: its table is written from the results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import TARGETS
from benchmarks.results import Result

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "figures.md"
_START, _END = "<!-- figures: python -m benchmarks --table -->\n", "<!-- end of figures -->\n"
_HEAD = "| figure | median | from, to | target | |\n|---|---:|---:|---:|---|"
_MET = {True: "met", False: "**missed**", None: ""}


def rewritten(page: str, results: Sequence[Result]) -> str:
    """Return the page with the table that the results make."""
    before, rest = page.split(_START)
    _, after = rest.split(_END)
    return f"{before}{_START}{render(results)}{_END}{after}"


def render(results: Sequence[Result]) -> str:
    """Return the tables, and the targets that nothing measures yet."""
    parts = [*map(render_one, results), *_unmeasured(results)]
    return "".join(f"\n{part}\n" for part in parts) + "\n"


def render_one(result: Result) -> str:
    """Return the table of one benchmark."""
    rows = "\n".join([_HEAD, *(_row(figure) for figure in result["figures"])])
    return f"### {result['benchmark']}\n\n{_machine(result['machine'])}\n\n{rows}"


def _unmeasured(results: Sequence[Result]) -> Iterator[str]:
    measured = {figure["target_of"] for result in results for figure in result["figures"]}
    unmeasured = [one for key, one in TARGETS.items() if key not in measured]
    if unmeasured:
        yield "### Not measured yet"
        yield "\n".join(f"- {one.what}: {one.sign} {one.bound:g} {one.unit}" for one in unmeasured)


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"{facts['date']}, Postgres {facts['postgres']}, Python {facts['python']}, "
        f"{facts['cpus']} CPUs, load before it began {facts['load_before']}."
    )


def _row(figure: dict[str, Any]) -> str:
    unit = figure["unit"]
    spread = f"{_number(figure['least'])}, {_number(figure['most'])}"
    cells = [
        figure["name"],
        f"{_number(figure['value'])} {unit}",
        spread,
        figure["target"] or "",
        _MET[figure["met"]],
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
