"""Creating, updating and upserting records, one at a time.

Whoever calls opens the transaction: a row that is refused has written nothing by then.
"""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org import ids, values
from connectsql.emulator.org.automation.plan import Plan
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.journal import Change
from connectsql.emulator.org.saving.behaviours import Moment, Stamps, behaviours_of
from connectsql.emulator.org.saving.defaults import Defaults
from connectsql.emulator.org.saving.existing import cannot, existing
from connectsql.emulator.org.saving.references import many_matches
from connectsql.emulator.org.saving.rules import Body, Rules
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Row, Taken
from connectsql.emulator.wire.errors import refuse_row


class Records:
    """The records of one object, and all that happens when one is saved.

    ``plan`` is what the org was taught to do then.
    """

    def __init__(self, sobject: SObject, data: Data, plan: Plan | None) -> None:
        self.sobject = sobject
        self._data = data
        self._store = data.store
        self._rules = Rules(sobject, data.schema, data.store)
        self._defaults = Defaults(sobject, data.schema, data.now)
        self._stamps = Stamps(sobject)
        self._behaviours = behaviours_of(sobject)
        self._plan = plan

    def create(self, body: Body) -> str:
        """Create a record and return its id."""
        if not self.sobject.createable:
            raise cannot("inserted", self.sobject)
        given = self._rules.read(body, creating=True)
        if self._plan is None:
            return self._create(given)
        with self._data.transaction():
            return self._create(given)

    def complete(self, given: Row, now: str) -> Row:
        """Return a new record: what was given, the defaults, what the org computes."""
        stamps = self._stamps.of(now, self._data.caller.user_id, is_new=True)
        row = {**self._defaults.row(), **stamps, **given}
        self._behave(row, given, now, is_new=True)
        return row

    def update(self, record_id: str, body: Body) -> None:
        """Change a record."""
        if not self.sobject.updateable:
            raise cannot("updated", self.sobject)
        before = self.existing(record_id)
        self._change(before, self._rules.read(body, creating=False))

    def adjust(self, record_id: str, values: Row) -> None:
        """Change fields that callers cannot write, else as an update does."""
        self._change(self.existing(record_id), values)

    def _create(self, given: Row) -> str:
        row = self.complete(given, self._data.stamp())
        if self._plan:
            given = self._triggered(self._plan, row, None, given)
        self._rules.check(given, record_id=None)
        row["Id"] = record_id = self._store.new_id(self.sobject)
        if self._plan:
            self._plan.derive(row)
            self._plan.validate(row, None)
        try:
            self._store.insert(self.sobject, [row])
        except Taken:
            self._rules.check_unique(row, None)
            raise
        self._data.journal.note(Change("CREATE", self.sobject, record_id, None, row))
        if self._plan:
            self._plan.after(dict(row), None)
        return record_id

    def _save(self, before: Row, given: Row) -> None:
        now, record_id = self._data.stamp(), before["Id"]
        stamps = self._stamps.of(now, self._data.caller.user_id, is_new=False)
        after = {**before, **stamps, **given}
        self._behave(after, given, now, is_new=False)
        if self._plan:
            given = self._triggered(self._plan, after, before, given)
        self._rules.check(given, record_id=record_id)
        if self._plan:
            self._plan.derive(after)
            self._plan.validate(after, before)
        changes = _differences(before, after)
        if changes:
            try:
                self._store.update(self.sobject, record_id, changes)
            except Taken:
                self._rules.check_unique(changes, record_id)
                raise
            self._data.journal.note(Change("UPDATE", self.sobject, record_id, before, after))
        if self._plan:
            self._plan.after(dict(after), before)

    def _change(self, before: Row, given: Row) -> None:
        if self._plan is None:
            self._save(before, given)
            return
        with self._data.transaction():
            self._save(before, given)

    def _triggered(self, plan: Plan, row: Row, before: Row | None, given: Row) -> Row:
        """Let triggers change a record; return what was given and what they changed."""
        read = self._rules.stored(plan.before(row, before))
        if read:
            given = given | read
            row |= read
            self._behave(row, given, self._data.stamp(), is_new=before is None)
        return given

    def find(self, key: Field, value: Any) -> list[str]:
        """Return the ids of the records that an external id stands for."""
        wanted = values.reader(key)(value)
        if wanted is None:
            message = f"{key.name} not specified"
            raise refuse_row("MISSING_ARGUMENT", message, key.name)
        return self._store.find(self.sobject, key, wanted)

    def upsert(self, key: Field, value: Any, body: Body) -> tuple[str, bool]:
        """Update the record with this external id or create one; return its id and if new.

        ``body`` does not hold the external id itself.
        """
        found = self.find(key, value)
        if len(found) > 1:
            raise many_matches(key, found)
        if found:
            self.update(found[0], body)
            return found[0], False
        return self.create({**body, key.name: value}), True

    def existing(self, record_id: str) -> Row:
        """Return a record that is there and not deleted."""
        return existing(self._store, self.sobject, record_id)

    def own_id(self, text: Any) -> str:
        """Return the 18-character id that a caller gave for a record of this object."""
        known = ids.normalise(text) if isinstance(text, str) else None
        if known is None or known[:3] != self.sobject.key_prefix:
            message = f"{self.sobject.label} ID: id value of incorrect type: {text}"
            raise refuse_row("MALFORMED_ID", message, "Id")
        return known

    def _behave(self, row: Row, given: Row, now: str, *, is_new: bool) -> None:
        moment = Moment(
            sobject=self.sobject,
            now=now,
            user_id=self._data.caller.user_id,
            is_new=is_new,
            given=given,
            next_number=self._store.next_number,
        )
        for behaviour in self._behaviours:
            behaviour(row, moment)


def without_id(body: Body) -> dict[str, Any]:
    """Return a body without its Id, however it is spelled."""
    return {key: value for key, value in body.items() if key.lower() != "id"}


def _differences(before: Row, after: Row) -> Row:
    """Return what changed. Both rows have all columns, in the same order."""
    both = zip(after.items(), before.values(), strict=True)
    return {name: new for (name, new), old in both if new is not old and new != old}
