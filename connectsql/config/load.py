"""Reads a config file: all of its faults at once, or a Config."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from connectsql.config import shape
from connectsql.config.build import build
from connectsql.config.check import check
from connectsql.config.model import Config
from connectsql.config.source import Path, Source, read
from connectsql.errors import ConfigError, Fault

_CONNECTION: Path = ("connection",)
_LOGIN: Path = ("connection", "login")
_INIT = "write a first config with: connectsql init"


def load(path: str | FilePath) -> Config:
    """Return the config in the YAML or JSON file ``path``.

    Raises ConfigError with every fault found, and UsageError where there is no file to read.
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
    faults += check(
        config,
        connection=_spoiled_under(source, _CONNECTION) | _spoiled_under(source, _LOGIN),
        mappings=[_spoiled_under(source, path) for path in paths],
    )
    if faults:
        raise ConfigError(sorted(dict.fromkeys(faults), key=lambda fault: fault.place.line))
    return config


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
