from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from connectsql.config.load import load
from connectsql.config.model import Config
from connectsql.config.secrets import resolve
from connectsql.errors import ConfigError

CONFIG = """
    connection:
      login:
        instance_url: https://example.my.salesforce.com
        access_token: {file: secrets/token}
        client_id: {env: SOME_CLIENT_ID}
    mappings: [{object: Account, fields: [Name]}]
"""


@pytest.fixture
def config(write: Callable[[str], Path], tmp_path: Path) -> Config:
    (tmp_path / "secrets").mkdir()
    return load(write(CONFIG))


def test_a_literal_is_the_value(config: Config) -> None:
    assert resolve(config.login.instance_url, config) == "https://example.my.salesforce.com"


def test_a_variable_is_looked_up_each_time(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_CLIENT_ID", raising=False)
    assert resolve(config.login.client_id, config) is None
    monkeypatch.setenv("SOME_CLIENT_ID", "")
    assert resolve(config.login.client_id, config) is None
    monkeypatch.setenv("SOME_CLIENT_ID", "abc")
    assert resolve(config.login.client_id, config) == "abc"


def test_a_file_lies_beside_the_config(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "secrets/token").write_text("00D!abc \n")
    assert resolve(config.login.access_token, config) == "00D!abc "


@pytest.mark.parametrize(
    ("content", "state"),
    [(None, "cannot be read: No such file or directory"), (b"\n", "is empty"),
     (b"\xff", "is not UTF-8 text")],
)  # fmt: skip
def test_a_file_that_holds_nothing_to_use(
    config: Config, tmp_path: Path, content: bytes | None, state: str
) -> None:
    if content is not None:
        (tmp_path / "secrets/token").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        resolve(config.login.access_token, config)
    assert str(caught.value) == (
        f"{tmp_path}/c.yaml:4: {tmp_path}/secrets/token {state}\n"
        "    the file must hold the value and nothing else"
    )
