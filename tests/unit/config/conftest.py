from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from connectsql.config.load import load
from connectsql.config.model import Config
from connectsql.errors import ConfigError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file, by default the config."""

    def _write(content: str | bytes, name: str = "c.yaml") -> Path:
        path = tmp_path / name
        text = textwrap.dedent(content).lstrip("\n") if isinstance(content, str) else content
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return _write


@pytest.fixture
def config_of(write: Write) -> Callable[[str], Config]:
    return lambda content: load(write(content))


@pytest.fixture
def faults_of(write: Write, tmp_path: Path) -> Callable[[str | bytes], str]:
    """Return the faults of a config as they are printed, without the folder."""

    def _faults_of(content: str | bytes) -> str:
        with pytest.raises(ConfigError) as caught:
            load(write(content))
        return str(caught.value).replace(f"{tmp_path}/", "")

    return _faults_of
