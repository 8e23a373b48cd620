"""The wheel that users install, in an environment without the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

import connectsql

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = """\
mappings:
  - object: Account
    fields: [Name]
"""
DESCRIBE = {
    "name": "Account",
    "label": "Account",
    "fields": [
        {"name": name, "label": name, "type": kind, "length": length, "nillable": False}
        for name, kind, length in (
            ("Id", "id", 18),
            ("Name", "string", 255),
            ("IsDeleted", "boolean", 0),
            ("CreatedDate", "datetime", 0),
            ("SystemModstamp", "datetime", 0),
        )
    ],
}
Run = Callable[..., str]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", folder]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command of an environment that has the wheel, from a folder far from here."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    scripts = Path(sysconfig.get_path("scripts", "venv", vars={"base": str(home)}))
    site = Path(
        sysconfig.get_path("purelib", "venv", vars={"base": str(home), "platbase": str(home)})
    )
    pip = [sys.executable, "-m", "pip", "--python", scripts / "python", "--quiet"]
    install = ["install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel]
    subprocess.run([*pip, *install], check=True)
    # The dependencies are borrowed. A folder named here has its own .pth files ignored, so
    # the editable connectsql that lies beside them is not found through it.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))

    def run(command: str, *arguments: str | Path) -> str:
        answer = subprocess.run(
            [scripts / command, *arguments],
            cwd=home,
            env={"PATH": str(scripts)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    return run


def test_the_wheel_holds_every_shipped_file(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
    for folder in ("sql", "schemas"):
        files = [path for path in (CHECKOUT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"connectsql/_shipped/{path.relative_to(CHECKOUT)}" for path in files} <= held
    assert "connectsql/py.typed" in held


def test_the_code_comes_from_the_wheel(run: Run) -> None:
    origin = run("python", "-c", "import connectsql; print(connectsql.__file__)")
    assert not Path(origin.strip()).is_relative_to(CHECKOUT)


@pytest.mark.parametrize(
    "path", ["sql/queries.sql", "sql/connectsql.sql", "schemas/config.schema.json"]
)
def test_shipped_files_are_read(run: Run, path: str) -> None:
    program = "import sys; from connectsql.resources import read_text; read_text(*sys.argv[1:])"
    run("python", "-c", program, *path.split("/"))


def test_the_version_is_told(run: Run) -> None:
    assert connectsql.__version__ in run("connectsql", "--version")


def test_a_config_is_compiled(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "connectsql.yaml"
    config.write_text(CONFIG)
    (tmp_path / "describe").mkdir()
    (tmp_path / "describe" / "Account.json").write_text(json.dumps(DESCRIBE))
    assert "CREATE TABLE" in run("connectsql", "compile", "--config", config)
