"""The house is in order: what is committed, the Makefile, the decisions."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DECISIONS = CHECKOUT / "docs" / "decisions"
PAGES = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))


def committed() -> list[Path]:
    # A clone may belong to another user than the one who tests it.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    answer = subprocess.run(git, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("not a git checkout")
    paths = [CHECKOUT / name for name in answer.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_committed_file_names_a_folder_of_one_machine() -> None:
    machine = re.compile(rb"(?<![\w.:/*}-])/(work|root|home|Users)/\w")
    assert [path for path in committed() if machine.search(path.read_bytes())] == []


def test_every_target_of_the_makefile_has_help() -> None:
    text = (CHECKOUT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", text, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert phony[1].split() == targets
    assert re.findall(r"^([a-z]+):.* ## \S", text, re.MULTILINE) == targets


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(name[:4]) for name in PAGES] == list(range(1, len(PAGES) + 1))


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\[(\d{4})\]\((\d{4}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text())
    assert [name for _, name in listed] == PAGES
    assert all(name.startswith(number) for number, name in listed)


@pytest.mark.parametrize("name", PAGES)
def test_a_decision_has_its_three_parts(name: str) -> None:
    text = (DECISIONS / name).read_text()
    assert text.startswith(f"# {name[:4]}: ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
