"""Finds the values that a config only names: in the environment, in files, or by a command."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from connectsql.config.model import Config, Reference
from connectsql.errors import ConfigError, Fault

COMMAND_TIMEOUT = 30  # seconds


def resolve(reference: Reference, config: Config) -> str | None:
    """Return the value, or None where the environment variable is not set or empty.

    Raises ConfigError for a file that cannot be read or is empty, and for a command that fails.
    The value is never logged.
    """
    if reference.kind == "literal":
        return reference.name
    if reference.kind == "env":
        return os.environ.get(reference.name) or None
    if reference.kind == "command":
        return _from_command(reference, config)
    return _from_file(reference, config)


def _from_command(reference: Reference, config: Config) -> str:
    """Run the command in the config's folder, without a shell. What it prints is never shown."""
    words: list[str] = json.loads(reference.name)
    problem = ""
    try:
        done = subprocess.run(  # noqa: S603 - the config's owner chose the command
            words,
            cwd=Path(config.file).parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_TIMEOUT,
            check=False,
        )
        value = done.stdout.decode("utf-8").rstrip("\r\n")
        if done.returncode:
            problem = f"ended with exit code {done.returncode}"
        elif not value:
            problem = "printed nothing"
    except subprocess.TimeoutExpired:
        problem = f"took longer than {COMMAND_TIMEOUT} s"
    except UnicodeDecodeError:
        problem = "printed what is not UTF-8 text"
    except (OSError, ValueError) as error:
        problem = f"cannot be run: {getattr(error, 'strerror', None) or 'its words are no command'}"
    if problem:
        raise _fault(
            reference, config, f"the command {words[0]} {problem}", "try it by hand in that folder"
        )
    return value


def _from_file(reference: Reference, config: Config) -> str:
    # A relative path starts at the config's folder, wherever the command was called.
    path = Path(config.file).parent / reference.name
    try:
        value = path.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _fault(reference, config, f"{path} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not a path"
        raise _fault(reference, config, f"{path} cannot be read: {reason}") from None
    if not value:
        raise _fault(reference, config, f"{path} is empty")
    return value


def _fault(
    reference: Reference,
    config: Config,
    message: str,
    hint: str = "the file must hold the value and nothing else",
) -> ConfigError:
    place = reference.place or config.place
    return ConfigError([Fault(place=place, message=message, hint=hint)])
