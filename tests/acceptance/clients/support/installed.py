"""Where ``make clients`` puts other people's clients, and what to say where it has not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import RunningOrg

_FOLDER = Path(__file__).resolve().parents[4] / ".clients"
_SCRIPTS = Path(__file__).resolve().parents[1] / "js"
NODE_MODULES = _FOLDER / "npm" / "node_modules"
SF = NODE_MODULES / ".bin" / "sf"
TAP = _FOLDER / "tap" / "bin" / "tap-salesforce"
AIRBYTE = _FOLDER / "airbyte" / "bin" / "source-salesforce"

_NODE = NODE_MODULES / ".bin" / "node"
_REROUTING = Path(__file__).parent / "rerouting"
_PATIENCE = 120  # seconds until a client counts as stuck


def needs(path: Path) -> pytest.MarkDecorator:
    """Return the mark that skips tests whose client is not installed."""
    return pytest.mark.skipif(not path.exists(), reason=f"no {path.name}: run make clients")


def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a client to its end, whatever it is."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=_PATIENCE, **more
    )


def rerouted(org: RunningOrg) -> dict[str, str]:
    """Return the variables of a Python client whose login host is to be an org."""
    return os.environ | {"PYTHONPATH": str(_REROUTING), "EMULATOR_URL": org.url}


def node(script: str, org: RunningOrg, **more: Any) -> Any:
    """Run one of the scripts with what an org tells of itself; return the JSON it prints."""
    given = json.dumps(org.as_json() | more)
    environment = os.environ | {"NODE_PATH": str(NODE_MODULES), "ORG": given}
    done = run([str(_NODE), str(_SCRIPTS / script)], env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
