"""How the command line speaks: data to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from connectsql.errors import ConfigError, ConnectsqlError, Fault


def say(text: str) -> None:
    """Tell the user something that is not data."""
    click.echo(text, err=True)


def say_error(error: ConnectsqlError) -> None:
    """Show an error: faults one below the other, else the message and what to do."""
    if isinstance(error, ConfigError):
        say_faults("error", error.faults)
        return
    say(f"{_word('error')} {error.message}")
    if error.hint:
        say(f"  {error.hint}")


def say_faults(kind: str, faults: Iterable[Fault]) -> None:
    """Show faults, each with its place and its hint. ``kind`` is error or warning."""
    for fault in faults:
        say(f"{fault.place}: {_word(kind)} {fault.message}")
        if fault.hint:
            say(f"  {fault.hint}")


def counted(number: int, noun: str) -> str:
    """Return ``1 mapping``, ``2 mappings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _word(kind: str) -> str:
    colour = {"error": "red", "warning": "yellow"}[kind]
    return click.style(f"{kind}:", fg=colour, bold=True) if sys.stderr.isatty() else f"{kind}:"
