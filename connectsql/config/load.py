"""Reads a config file: all of its faults at once, or a Config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from connectsql.config import shape
from connectsql.config.build import build
from connectsql.config.check import check
from connectsql.config.mapping_rules import mapping_faults
from connectsql.config.model import Config
from connectsql.config.source import Path, Source, read
from connectsql.errors import ConfigError, Fault

_CONNECTION: Path = ("connection",)
_LOGIN: Path = ("connection", "login")
_INIT = "write a first config with: connectsql init"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A config as far as it can be read: what has a fault has its default, or is left out."""

    config: Config
    faults: tuple[Fault, ...] = ()  # by line
    doubtful: frozenset[int] = frozenset()  # the mappings with a fault, by position


def load(path: str | FilePath) -> Config:
    """Return the config in the YAML or JSON file ``path``.

    Raises ConfigError with every fault found, and UsageError where there is no file to read.
    """
    reading = examine(path)
    if reading.faults:
        raise ConfigError(list(reading.faults))
    return reading.config


def examine(path: str | FilePath) -> Reading:
    """Return the config in a file with its faults, for those who can find more.

    Raises ConfigError where nothing of it can be read, and UsageError where there is no file.
    """
    source = read(path, missing_hint=_INIT)
    if _is_export(source.data):
        raise ConfigError([_export_given(source)])
    findings = shape.find(source)
    source.spoiled.update(path for finding in findings for path in finding.spoils)
    faults = [*source.faults, *(finding.fault for finding in findings)]
    if not isinstance(source.data, dict):
        raise ConfigError(faults)
    config, paths = build(source)
    bad = [_spoiled_under(source, path) for path in paths]
    faults += check(
        config,
        connection=_spoiled_under(source, _CONNECTION) | _spoiled_under(source, _LOGIN),
        mappings=bad,
    )
    by_itself = (
        at
        for at, (mapping, spoiled) in enumerate(zip(config.mappings, bad, strict=True))
        if spoiled or any(mapping_faults(mapping, spoiled))
    )
    return Reading(
        config=config,
        faults=tuple(sorted(dict.fromkeys(faults), key=lambda fault: fault.place.line)),
        doubtful=frozenset(by_itself),
    )


def _spoiled_under(source: Source, path: Path) -> set[str]:
    depth = len(path)
    return {str(one[depth]) for one in source.spoiled if one[:depth] == path and len(one) > depth}


def _is_export(data: Any) -> bool:
    mappings = data.get("mappings") if isinstance(data, dict) else None
    first = mappings[0] if isinstance(mappings, list) and mappings else None
    return isinstance(first, dict) and "object_name" in first and "object" not in first


def _export_given(source: Source) -> Fault:
    return source.fault(
        ("mappings",),
        "this is a Heroku Connect export, not a config",
        f"turn it into one with: connectsql init --from-heroku {source.file}",
    )
