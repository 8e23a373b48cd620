"""A clock for what takes an org hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SetClock:
    """A clock that stands still until it is set forward."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        """Set it forward, by what ``timedelta`` takes."""
        self.moment += timedelta(**by)
