"""What can be chosen when an org is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from connectsql.emulator.hooks import Automation


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to start an emulated org; every choice has a default that works.

    ``port`` 0 takes a free one. ``describe`` is a folder of describes (``*.json``); without
    it the org has a small set of standard objects. ``data`` is a SQLite file that keeps the
    records; without it they live in memory. ``seed_records`` says how many records an object
    is filled with where it has none. ``latency_ms`` delays every answer. The credentials are
    fixed because they guard nothing: the org listens on the loopback only.

    A session ends ``session_seconds`` after its last call; None is never. ``client_key`` is a
    PEM file with the public key or certificate that JWT logins are checked with.
    ``refresh_token`` is good from the start, as if the user had granted it before; with
    ``rotate_refresh_tokens`` each refresh token is good once and brings the next one.
    ``daily_calls`` and ``daily_bulk_rows`` are spent in 24 hours, and ``concurrent_calls``
    may be under way at once (None: any number). ``hooks`` is a Python file with formulas,
    roll-ups, validation rules and triggers, ``automation`` what it would declare, made in this
    process; ``faults`` is a JSON file with a fault plan.

    ``events`` are the objects whose changes are published as change events (``*`` is all);
    without any there is no Pub/Sub API. It listens on ``pubsub_port`` (0: a free one) and
    sends a keepalive after ``keepalive_seconds`` without an event.
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
    security_token: str = "emulatorSecurityToken"  # noqa: S105 - guards nothing, see above
    refresh_token: str = "emulator-refresh-token"  # noqa: S105 - guards nothing, see above
    rotate_refresh_tokens: bool = False
    session_seconds: float | None = None
    client_key: Path | None = None
    daily_calls: int = 100_000
    daily_bulk_rows: int = 150_000_000
    concurrent_calls: int | None = None
    hooks: Path | None = None
    automation: Automation | None = None
    faults: Path | None = None
    events: frozenset[str] = frozenset()
    pubsub_port: int = 0
    keepalive_seconds: float = 60
