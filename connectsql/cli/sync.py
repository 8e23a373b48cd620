"""``agent``: the sync itself."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import click

from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent, Summary
from connectsql.cli.loading import progress
from connectsql.cli.options import (
    config_option,
    database_option,
    describe_option,
    load_all,
    open_session,
    required_database,
)
from connectsql.cli.output import counted, say


@click.command()
@config_option
@describe_option
@database_option
@click.option("--once", is_flag=True, help="End when both directions are quiet.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is sent and received.")
def agent(
    config_file: str, describe_dir: str | None, database: str | None, once: bool, verbose: bool
) -> int:
    """Send what applications wrote to Salesforce, and bring Salesforce's changes back."""
    config, desired = load_all(config_file, describe_dir, warn=False)
    address = required_database(database)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose or not once else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    with stopping() as stop, open_session(config, stop=stop.event) as session, progress() as show:
        worker = Agent(config, desired, address, session, stop, on_loading=show)
        if not once:
            worker.check()
            say(f"agent for {config.name}: {counted(len(desired.tables), 'table')}")
            worker.run()
            say("agent stopped")
            return 0
        return _report(worker.once())


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """Give a Stop that SIGTERM and Ctrl-C set; a second one ends the process at once."""
    stop = Stop()

    def handle(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    before = {one: signal.signal(one, handle) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()


def _report(summary: Summary) -> int:
    say(
        f"{counted(summary.sent, 'change')} handled for Salesforce, "
        f"{counted(summary.received, 'row')} changed from Salesforce"
    )
    if summary.failed:
        verb = "is" if summary.failed == 1 else "are"
        failed = counted(summary.failed, "change")
        say(f"{failed} {verb} FAILED: the reason is in _trigger_log.sf_message")
    for table, problem in summary.problems.items():
        say(f"{table} could not be read: {problem}")
    return 1 if summary.problems else 0
