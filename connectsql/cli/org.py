"""``emulator``: an org of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from connectsql.emulator import Options, run
from connectsql.errors import UsageError

_DEFAULTS = Options()
_FILE = click.Path(path_type=Path)


_PORT = click.IntRange(0, 65_535)
_SOME = click.IntRange(min=1)


def _option(name: str, meaning: str, **more: Any) -> Callable[[Any], Any]:
    return click.option(name, help=meaning, **more)


@click.command()
@_option("--port", "The port.", type=_PORT, default=0, show_default="a free one", metavar="N")
@_option("--describe", "Describes that make up the org.", type=_FILE, metavar="DIR")
@_option("--data", "Keep the records in this file.", type=_FILE, metavar="FILE")
@_option(
    "--seed-records",
    "Fill an object with N records, if it has none (several times).",
    multiple=True,
    metavar="OBJECT=N",
)
@_option("--seed", "Other seeds, other records.", default=1, show_default=True, metavar="N")
@_option(
    "--events",
    "Publish the changes of these objects over the Pub/Sub API: Account,Contact or '*'.",
    default="",
    metavar="OBJECTS",
)
@_option(
    "--pubsub-port",
    "The port of the Pub/Sub API.",
    type=_PORT,
    default=0,
    show_default="a free one",
    metavar="N",
)
@_option(
    "--hooks",
    "Formulas, roll-ups, validation rules and triggers, in a Python file that is run.",
    type=_FILE,
    metavar="FILE",
)
@_option("--faults", "What shall go wrong, in a JSON file.", type=_FILE, metavar="FILE")
@_option("--latency", "Delay every answer.", type=click.IntRange(min=0), default=0, metavar="MS")
@_option(
    "--session-seconds",
    "End a session so long after its last call.",
    type=_SOME,
    show_default="never",
    metavar="S",
)
@_option(
    "--rotate-refresh-tokens",
    "Let each refresh token be good once; its answer brings the next one.",
    is_flag=True,
)
@_option(
    "--daily-calls",
    "Refuse more API calls than these in 24 hours.",
    type=_SOME,
    default=_DEFAULTS.daily_calls,
    show_default=True,
    metavar="N",
)
@_option(
    "--concurrent-calls",
    "Refuse more calls than these at once.",
    type=_SOME,
    show_default="any number",
    metavar="N",
)
@_option(
    "--client-key",
    "A public key or certificate, in PEM, that JWT logins are checked with.",
    type=_FILE,
    metavar="FILE",
)
def emulator(seed_records: tuple[str, ...], events: str, latency: int, **told: Any) -> None:
    """Run a local Salesforce org over HTTP, for tests and for trying out.

    The first line on stdout is a JSON object with the url and the credentials; the log of calls
    goes to stderr. It ends with SIGTERM or Ctrl-C.
    """
    if told["pubsub_port"] and not events:
        raise UsageError("--pubsub-port is of no use without --events", hint="--events '*' is all")
    run(
        Options(
            seed_records=dict(_seed(one) for one in seed_records),
            events=frozenset(one.strip() for one in events.split(",") if one.strip()),
            latency_ms=latency,
            **told,
        )
    )


def _seed(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not (name and number.isascii() and number.isdigit()):
        raise UsageError(f"--seed-records {text}: write it as Account=5000")
    return name, int(number)
