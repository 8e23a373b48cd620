"""The command ``connectsql``, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

import click

from connectsql import __version__
from connectsql.cli.declare import describe, init, validate
from connectsql.cli.demo import demo
from connectsql.cli.install import apply, compile_
from connectsql.cli.org import emulator
from connectsql.cli.output import say, say_error
from connectsql.cli.sync import agent
from connectsql.errors import ConnectsqlError

INTERRUPTED = 130  # what a shell reports after Ctrl-C


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="connectsql")
def cli() -> None:
    """Keep a Salesforce org and a Postgres database in step, both ways.

    Declare what to sync in a config, compile it to SQL, apply it, run the agent.
    """


for _command in (init, describe, validate, compile_, apply, agent, emulator, demo):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; exit 0 ok, 1 failed, 2 called wrongly, 3 drift."""
    sys.exit(_run())


def _run() -> int:
    try:
        result = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except ConnectsqlError as error:
        say_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`connectsql compile | head`): nothing to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        say(f"error: {error.filename}: {error.strerror}")
        return 1
    return result if isinstance(result, int) else 0
