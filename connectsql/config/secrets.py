"""Finds the values that a config only names: from the environment, or from files."""

from __future__ import annotations

import os
from pathlib import Path

from connectsql.config.model import Config, Reference
from connectsql.errors import ConfigError, Fault


def resolve(reference: Reference, config: Config) -> str | None:
    """Return the value, or None where the environment variable is not set or empty.

    Raises ConfigError for a file that cannot be read or is empty. The value is never logged.
    """
    if reference.kind == "literal":
        return reference.name
    if reference.kind == "env":
        return os.environ.get(reference.name) or None
    return _from_file(reference, config)


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


def _fault(reference: Reference, config: Config, message: str) -> ConfigError:
    place = reference.place or config.place
    hint = "the file must hold the value and nothing else"
    return ConfigError([Fault(place=place, message=message, hint=hint)])
