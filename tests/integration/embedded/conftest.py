"""Fixtures for the launcher: users, folders and owners that can be killed."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectsql.embedded import account

_CHECKOUT = Path(account.__file__).resolve().parents[2]
_OWNER = """
import json, sys
from pathlib import Path
from connectsql import embedded
server = embedded.start(*map(Path, sys.argv[1:]))
print(json.dumps({"dsn": server.dsn(), "port": server.port}), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Owner:
    """A process that started a server and waits until its standard input ends."""

    process: subprocess.Popen[str]
    dsn: str
    port: int


StartOwner = Callable[..., Owner]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can enter, which ``tmp_path`` is not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(params=["ourselves", "nobody"])
def start_owner(request: pytest.FixtureRequest) -> Iterator[StartOwner]:
    """Start owners, as the user that runs the tests and as an ordinary one."""
    python, user = (sys.executable, _no_change()) if request.param == "ourselves" else _nobody()
    with ExitStack() as stack:

        def start(*arguments: Path) -> Owner:
            process = stack.enter_context(_popen([python, "-c", _OWNER, *arguments], user))
            stack.callback(process.kill)
            assert process.stdout
            return Owner(process, **json.loads(process.stdout.readline()))

        yield start


def _popen(command: list[Any], user: dict[str, Any]) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(_CHECKOUT), sysconfig.get_path("purelib")]),
        "PYTHONWARNINGS": "error",
    }
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, **user)


def _no_change() -> dict[str, Any]:
    return {}


def _nobody() -> tuple[str, dict[str, Any]]:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    entry = pwd.getpwnam("nobody")
    nobody = account.Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if account.closed_folder(_CHECKOUT, nobody):
        pytest.skip("the checkout is closed to nobody")
    return _python_for(nobody), {"user": nobody.uid, "group": nobody.gid, "extra_groups": []}


def _python_for(nobody: account.Account) -> str:
    for name in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
        if name and account.closed_folder(Path(name).resolve().parent, nobody) is None:
            check = "import sys; sys.exit(sys.version_info < (3, 11))"
            if subprocess.run([name, "-c", check], check=False).returncode == 0:
                return name
    pytest.skip("no Python of 3.11 or later that nobody can run")
