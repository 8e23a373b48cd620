"""A world of Accounts and Contacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.world import World
from support.world import world as build


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[World]:
    """An empty org and an empty database, in step; each agent's lease is 2 s."""
    with build(database, tmp_path) as built:
        yield built
