"""What can be chosen when an org is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to start an emulated org; every choice has a default that works.

    ``port`` 0 takes a free one. ``describe`` is a folder of describes (``*.json``); without
    it the org has a small set of standard objects. ``data`` is a SQLite file that keeps the
    records; without it they live in memory. ``seed_records`` says how many records an object
    is filled with where it has none. ``latency_ms`` delays every answer. The credentials are
    fixed because they guard nothing: the org listens on the loopback only.
    """

    port: int = 0
    describe: Path | None = None
    data: Path | None = None
    seed_records: Mapping[str, int] = field(default_factory=dict)
    seed: int = 1
    latency_ms: float = 0
    client_id: str = "emulator"
    client_secret: str = "emulator-secret"  # noqa: S105 - guards nothing, see above
    username: str = "integration@emulator.example"
    password: str = "emulator-password"  # noqa: S105 - guards nothing, see above
