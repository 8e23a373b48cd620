"""The command line: runs benchmarks and shows what they found."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import capture, claim, compiling, emulated, load, notify, results, table, write
from benchmarks.figures import Figure
from benchmarks.ground import Ground, started

BENCHMARKS: dict[str, Callable[..., Iterator[Figure]]] = {
    "capture": capture.measure,
    "claim": claim.measure,
    "compiling": compiling.measure,
    "emulated": emulated.measure,
    "load": load.measure,
    "notify": notify.measure,
    "write": write.measure,
}

# What applications feel of the log is in three; asked for by the name of the first, all are run.
TOGETHER = {"capture": ("capture", "claim", "notify")}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, help="run some benchmarks")
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    parser.add_argument("--table", action="store_true", help="only write the table again")
    asked = parser.parse_args()
    if not asked.table:
        names = [one for name in asked.only or BENCHMARKS for one in TOGETHER.get(name, (name,))]
        for result in run(list(dict.fromkeys(names)), quick=asked.quick):
            print(table.render_one(result), flush=True)
            if not asked.quick:
                results.write(results.FOLDER, result)
    if not asked.quick:
        page = table.PAGE.read_text(encoding="utf-8")
        table.PAGE.write_text(table.rewritten(page, results.read()), encoding="utf-8")


def run(names: list[str], *, quick: bool) -> Iterator[results.Result]:
    """Run benchmarks by name on a server of their own."""
    with TemporaryDirectory() as folder, started(Path(folder)) as ground:
        for name in names:
            yield _one(name, ground, quick=quick)


def _one(name: str, ground: Ground, *, quick: bool) -> results.Result:
    facts = results.machine(ground.server.version)
    began = time.monotonic()
    figures = list(BENCHMARKS[name](ground, quick=quick))
    print(f"{name}: {time.monotonic() - began:.0f} s")
    return results.result(name, facts, figures)


if __name__ == "__main__":
    main()
