"""The command ``connectsql``, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from connectsql import __version__
from connectsql.cli.output import say, say_error
from connectsql.errors import ConnectsqlError

INTERRUPTED = 130  # what a shell reports after Ctrl-C

COMMANDS = {
    "init": ("declare", "init"),
    "describe": ("declare", "describe"),
    "validate": ("declare", "validate"),
    "compile": ("install", "compile_"),
    "plan": ("install", "plan"),
    "apply": ("install", "apply"),
    "uninstall": ("uninstall", "uninstall"),
    "export-heroku": ("heroku", "export_heroku"),
    "agent": ("sync", "agent"),
    "emulator": ("org", "emulator"),
    "demo": ("demo", "demo"),
}


class Commands(click.Group):
    """Imports a command's module when it is called: together they take a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"connectsql.cli.{module}"), name)
        return command


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="connectsql")
def cli() -> None:
    """Keep a Salesforce org and a Postgres database in step, both ways.

    Declare what to sync in a config, compile it to SQL, apply it, run the agent.
    """


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
