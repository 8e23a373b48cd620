"""``emulator``: an org of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from connectsql.emulator import Options, run
from connectsql.errors import UsageError


@click.command()
@click.option("--port", default=0, show_default="a free one", metavar="N", help="The port.")
@click.option("--describe", metavar="DIR", help="Describes that make up the org.")
@click.option("--data", metavar="FILE", help="Keep the records in this file.")
@click.option(
    "--seed-records",
    multiple=True,
    metavar="OBJECT=N",
    help="Fill an object with N records, if it has none (several times).",
)
@click.option(
    "--seed", default=1, show_default=True, metavar="N", help="Other seeds, other records."
)
@click.option("--latency", default=0.0, metavar="MS", help="Delay every answer.")
def emulator(
    port: int,
    describe: str | None,
    data: str | None,
    seed_records: tuple[str, ...],
    seed: int,
    latency: float,
) -> None:
    """Run a local Salesforce org over HTTP, for tests and for trying out.

    The first line on stdout is a JSON object with the url and the credentials.
    """
    run(
        Options(
            port=port,
            describe=Path(describe) if describe else None,
            data=Path(data) if data else None,
            seed_records=dict(_seed(one) for one in seed_records),
            seed=seed,
            latency_ms=latency,
        )
    )


def _seed(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not (name and number.isdigit()):
        raise UsageError(f"--seed-records {text}: write it as Account=5000")
    return name, int(number)
