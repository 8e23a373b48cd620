"""The whole org, as the routes have it: its data, its bulk jobs and its change events."""

from __future__ import annotations

from connectsql.emulator.bulk.bulk import Bulk
from connectsql.emulator.events.publisher import Publisher
from connectsql.emulator.options import Options
from connectsql.emulator.org import clock
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.core import OrgCore


class Org(OrgCore):
    """An org with what works on it besides the routes. ``events`` is None without any."""

    def __init__(self, options: Options, now: Clock = clock.system_clock) -> None:
        super().__init__(options, now)
        self.bulk = Bulk(self)
        self.events: Publisher | None = None
        self._clock = now

    def open_events(self) -> Publisher:
        """Make change events from now on, of the objects that the options select.

        Raises ``EmulatorError`` for an object that can have none.
        """
        selected, fault = self.options.events, self.faults.of_event
        self.events = Publisher(self.data, selected, self._clock, fault=fault)
        return self.events
