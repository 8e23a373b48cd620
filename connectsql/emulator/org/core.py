"""What an org is made of: its objects, its records, its user and its sessions."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from pathlib import Path

from connectsql.emulator.faults.plan import FaultPlan, read_plan
from connectsql.emulator.hooks import Automation, load_hooks
from connectsql.emulator.options import Options
from connectsql.emulator.org import clock, datafile, ids
from connectsql.emulator.org.access.client_key import load_client_key
from connectsql.emulator.org.access.codes import Codes
from connectsql.emulator.org.access.sessions import Grants, Sessions
from connectsql.emulator.org.automation.engine import Engine
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.cursors import Cursors
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.deleting.recycling import RecycleBin
from connectsql.emulator.org.describes.describe import Describes
from connectsql.emulator.org.describes.loading import load_schema
from connectsql.emulator.org.describes.saved import with_changes
from connectsql.emulator.org.quota import Quota
from connectsql.emulator.org.saving.records import Records
from connectsql.emulator.org.schema import Schema, SObject
from connectsql.emulator.org.store import Store
from connectsql.emulator.org.tasks import Tasks
from connectsql.errors import EmulatorError

_log = logging.getLogger("connectsql.emulator")


class OrgCore:
    """What an org is made of, but for its bulk jobs and its change events.

    Not for several threads at once.
    """

    def __init__(self, options: Options, now: Clock = clock.system_clock) -> None:
        self.options = options
        self.faults = FaultPlan(options.seed)
        if options.faults:
            self.faults.extend(read_plan(options.faults))
        self.client_key = load_client_key(options.client_key)
        self._hooks = options.automation or Automation()
        if options.hooks:
            self._hooks = self._hooks.joined(load_hooks(options.hooks))
        schema, self.store = _stored(load_schema(options.describe), options.data)
        self.data = Data(schema, self.store, now, self.user_id)
        self.started = now()
        self.quota = Quota(options, now)
        self.cursors = Cursors(self.store, self.now)
        self.describes = Describes(self.started)
        self._records: dict[str, Records] = {}
        self.bin = RecycleBin(self.data, self.records)
        self.sessions = Sessions(self.org_id, now, options.session_seconds)
        self.grants = Grants(
            self.sessions, options.refresh_token, rotate=options.rotate_refresh_tokens
        )
        self.codes = Codes(now)
        self.tasks = Tasks()
        try:
            self.automation = self._automated(self._hooks)
        except EmulatorError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the data file."""
        self.store.close()

    @property
    def schema(self) -> Schema:
        """The objects of the org."""
        return self.data.schema

    def reshaped(self, schema: Schema, names: set[str]) -> None:
        """Have other objects from now on; ``names`` are those that changed."""
        self.data.schema = schema
        self._records.clear()
        try:
            self.automation = self._automated(self._hooks)
        except EmulatorError as misfit:
            _log.warning("the automation is off, it no longer fits the org: %s", misfit)
            self.automation = self._automated(Automation())
        self.describes.forget(names, self.now())

    def _automated(self, told: Automation) -> Engine:
        engine = Engine(self.data, told, self.records, self.bin.delete)
        self.data.settle = engine.settle
        return engine

    def now(self) -> datetime:
        """Return the present time, or the moment at which a late commit began."""
        return self.data.now()

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what the block writes, or nothing of it when the block raises."""
        return self.data.transaction()

    @cached_property
    def org_id(self) -> str:
        """The id of the one Organization record."""
        return ids.make_id("00D", 1)

    @cached_property
    def user_id(self) -> str:
        """The id of the integration user, who owns and creates everything."""
        return ids.make_id("005", 1)

    def object(self, name: str) -> SObject | None:
        """Return the object of that name in any spelling, or None."""
        return self.schema.find(name)

    def records(self, sobject: SObject) -> Records:
        """Return the records of an object."""
        known = self._records.get(sobject.name)
        if known is None:
            known = Records(sobject, self.data, self.automation.plan(sobject))
            self._records[sobject.name] = known
        return known


def _stored(schema: Schema, file: Path | None) -> tuple[Schema, Store]:
    """Return the objects as a data file has them, and the file as the store of their records."""
    connection = datafile.opened(file)
    try:
        kept = with_changes(schema, connection)
        return kept, Store(kept, connection)
    except (sqlite3.DatabaseError, ValueError) as broken:
        connection.close()
        raise datafile.unusable(file, broken) from broken
