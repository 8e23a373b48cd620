"""The change events of an org: made in the transaction that changed something, told after it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connectsql.emulator.events.drafts import NO_RECORD, Draft, Drafts
from connectsql.emulator.events.layout import Layout
from connectsql.emulator.events.log import EventLog
from connectsql.emulator.events.netting import net_changes
from connectsql.emulator.faults.fault import Fault
from connectsql.emulator.org.clock import Clock, milliseconds
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.journal import Caller, Commit
from connectsql.emulator.org.schema import SObject
from connectsql.errors import EmulatorError
from connectsql.eventbus.encoding import Circumstances, Header
from connectsql.eventbus.schema import EventSchema, change_event_name

ALL = "*"
MOST_CHANGES = 100_000
LARGEST = 1024 * 1024
_ALL_EVENTS = "/data/ChangeEvents"
_PREFIX = "/data/"
_WITHOUT_EVENTS = frozenset(
    {
        "Document",
        "Folder",
        "Group",
        "GroupMember",
        "Organization",
        "PermissionSet",
        "PermissionSetAssignment",
        "Profile",
        "QueueSobject",
        "RecordType",
        "ScratchOrgInfo",
        "UserRole",
    }
)
_GAPS = ("CREATE", "UPDATE", "DELETE", "UNDELETE", "OVERFLOW")


@dataclass(frozen=True, slots=True)
class Topic:
    """What can be subscribed to: the events of one object, or of all (None)."""

    name: str
    sobject: SObject | None

    @property
    def entity(self) -> str | None:
        """The object's name."""
        return self.sobject.name if self.sobject else None


class Publisher:
    """Makes the events of the selected objects, and knows who waits for them.

    ``objects`` are names, or ``*`` for all that can have events. A transaction of more than
    ``most_changes`` changes overflows, an event of more than ``largest`` bytes is a gap.
    ``fault`` tells what happens to the next event of an object.
    """

    def __init__(
        self,
        data: Data,
        objects: Iterable[str],
        now: Clock,
        *,
        fault: Callable[[str], Fault | None] = lambda _: None,
        most_changes: int = MOST_CHANGES,
        largest: int = LARGEST,
    ) -> None:
        self._data = data
        self._objects = _selected(data, objects)
        self._now = now
        self._fault = fault
        self._most_changes = most_changes
        self._largest = largest
        self._layouts: dict[str, Layout] = {}
        self._listeners: set[Callable[[], None]] = set()
        self.log = EventLog(data.store, now)
        data.before_commit.append(self._write)
        data.after_commit.append(self._tell)

    def topic(self, name: str) -> Topic | None:
        """Return what a topic's name stands for, or None if nothing."""
        if name == _ALL_EVENTS:
            return Topic(name, None)
        sobject = self.of_event(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else None
        return Topic(name, sobject) if sobject else None

    def of_event(self, event: str) -> SObject | None:
        """Return the object whose events are called so (``AccountChangeEvent``), if selected."""
        them = self._data.schema.objects
        found = (one for one in them if change_event_name(one.name) == event)
        return next((one for one in found if self._is_selected(one)), None)

    def schema_of(self, sobject: SObject) -> EventSchema:
        """Return the schema of an object's events, as the object is now."""
        return self._layout(sobject).schema

    def schema(self, schema_id: str) -> EventSchema | None:
        """Return the schema of that id, of events in the log or of today."""
        kept = self.log.kept_schema(schema_id)
        if kept:
            return kept
        selected = filter(self._is_selected, self._data.schema.objects)
        today = map(self.schema_of, selected)
        return next((schema for schema in today if schema.id == schema_id), None)

    def gap(self, entity: str, record_ids: Sequence[str] = (), kind: str = "UPDATE") -> None:
        """Publish a gap event, as if a change of these records had not been caught.

        ``kind`` is CREATE, UPDATE, DELETE, UNDELETE, or OVERFLOW, which names no records.
        Raises ``ValueError`` for another one, or an object without events.
        """
        sobject = self._data.schema.find(entity)
        if kind not in _GAPS:
            raise ValueError(f"a gap is one of {', '.join(_GAPS)}, not {kind!r}")
        if sobject is None or not self._is_selected(sobject):
            raise ValueError(f"{entity} has no change events")
        ids = [NO_RECORD] if kind == "OVERFLOW" else list(record_ids)
        draft = Draft(self._layout(sobject), f"GAP_{kind}", 1, ids)
        with self._data.store.transaction():
            number = self._data.store.next_number("_commit")
            caller = Caller(self._data.caller.user_id, "")
            self._add([draft], Commit(number, self._now(), caller, ()))
        self._tell()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function whenever there are new events."""
        self._listeners.add(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Do so no more."""
        self._listeners.discard(listener)

    def _is_selected(self, sobject: SObject) -> bool:
        if ALL in self._objects:
            return sobject.name not in _WITHOUT_EVENTS
        return sobject.name.lower() in self._objects

    def _selected_layout(self, sobject: SObject) -> Layout | None:
        return self._layout(sobject) if self._is_selected(sobject) else None

    def _layout(self, sobject: SObject) -> Layout:
        """Return how an object's events look; anew when the object was replaced."""
        known = self._layouts.get(sobject.name)
        if known is None or known.sobject is not sobject:
            known = self._layouts[sobject.name] = Layout(sobject)
        return known

    def _write(self, commit: Commit) -> None:
        drafts = Drafts(self._selected_layout, self._most_changes)
        drafts.add_all(net_changes(commit.changes))
        if drafts.made:
            self._add(drafts.made, commit)

    def _tell(self, commit: Commit | None = None) -> None:
        for listener in list(self._listeners):
            listener()

    def _add(self, drafts: list[Draft], commit: Commit) -> None:
        self.log.forget_old()
        for layout in {draft.layout for draft in drafts}:
            self.log.keep(layout.schema)
        circumstances = Circumstances(
            origin=commit.caller.origin,
            transaction_key=str(uuid.uuid4()),
            timestamp=milliseconds(self._now()) // 1000 * 1000,
            number=commit.number,
            user_id=commit.caller.user_id,
        )
        for draft in drafts:
            fault = self._fault(draft.layout.sobject.name)
            if fault and fault.action == "drop_event":
                self.log.skip()
            else:
                payload = self._payload(draft, circumstances, is_gap=fault is not None)
                self.log.add(draft.layout.sobject.name, draft.layout.schema, payload)

    def _payload(
        self, draft: Draft, circumstances: Circumstances, *, is_gap: bool = False
    ) -> bytes:
        layout = draft.layout
        header = Header(
            entity=layout.sobject.name,
            record_ids=draft.record_ids,
            kind=draft.kind,
            sequence=draft.sequence,
            nulled=layout.bitmaps(draft.nulled),
            changed=layout.bitmaps(draft.changed),
        )
        if not is_gap:
            payload = layout.encoder.encode(header, circumstances, draft.body)
            if len(payload) <= self._largest:
                return payload
        gap = header._replace(kind=f"GAP_{draft.kind}", nulled=(), changed=())
        return layout.encoder.encode(gap, circumstances, {})


def _selected(data: Data, objects: Iterable[str]) -> frozenset[str]:
    """Return the lower-cased names, or raise ``EmulatorError`` for one that has no events."""
    names = frozenset(objects)
    if ALL in names:
        return frozenset({ALL})
    for name in sorted(names):
        sobject = data.schema.find(name)
        if sobject is None or sobject.name in _WITHOUT_EVENTS:
            able = sorted(one.name for one in data.schema.objects)
            raise EmulatorError(
                f"there can be no change events of {name}",
                hint=f"The org has {', '.join(one for one in able if one not in _WITHOUT_EVENTS)}.",
            )
    return frozenset(name.lower() for name in names)
