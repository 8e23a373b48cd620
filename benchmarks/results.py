"""Results on disk: one JSON file for each benchmark."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import TARGETS, Figure

FOLDER = Path(__file__).with_name("results")

Result = dict[str, Any]


def machine(postgres: str) -> dict[str, Any]:
    """Return what there is to know about this machine: nothing that names it."""
    return {
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "postgres": postgres,
        "date": datetime.now(UTC).date().isoformat(),
    }


def result(benchmark: str, machine: dict[str, Any], figures: Sequence[Figure]) -> Result:
    """Return what a benchmark's file holds."""
    return {
        "benchmark": benchmark,
        "machine": machine,
        "figures": [_as_json(figure) for figure in figures],
    }


def write(folder: Path, result: Result) -> None:
    """Write a benchmark's file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{result['benchmark']}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(folder: Path = FOLDER) -> list[Result]:
    """Return every result, by the benchmarks' names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def _as_json(figure: Figure) -> dict[str, Any]:
    target = TARGETS[figure.target] if figure.target else None
    return {
        "name": figure.name,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "target": f"{target.sign} {target.bound:g} {target.unit}" if target else None,
        "target_of": figure.target,
        "met": figure.met,
        "least": _rounded(min(figure.repetitions)),
        "most": _rounded(max(figure.repetitions)),
        "repetitions": [_rounded(one) for one in figure.repetitions],
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
