"""What the trigger log and the marks must say of applications' writes: a model of the contract.

It knows nothing of triggers. Values are Postgres' text as hstore has it (a boolean is ``t`` or
``f``), None for NULL. A row holds all its columns, its id among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

Values = dict[str, str | None]
Key = tuple[str, int]  # table and id
MARKS = ("_hc_lastop", "_hc_err")


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a table is captured: ``log`` is ``full`` or ``changes``."""

    table: str
    log: str
    ordered: bool
    writable: bool
    sent: frozenset[str]  # columns whose values applications may send
    numbers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the log must say of one write to one row.

    A number in another form (1.5, then 1.50) is the same to Postgres and another to hstore:
    ``log: changes`` may name it or not. Such columns are in ``same_old`` and ``same_values``.
    ``after`` is what the row held then of the columns that are sent, as far as applications have
    written it; None once the row is gone.
    """

    transaction: int
    state: str
    action: str
    table: str
    record: int
    sfid: str | None = None
    old: Values | None = None
    values: Values | None = None
    same_old: Values = field(default_factory=dict)
    same_values: Values = field(default_factory=dict)
    after: Values | None = None
    id: int = 0  # of an entry that was found

    @property
    def needed(self) -> bool:
        """Whether the log may not do without it."""
        return not self.same_values or bool(self.values)

    def agrees(self, found: Entry) -> bool:
        """Whether the log says this."""
        return (
            (found.state, found.action, found.table, found.record, found.sfid)
            == (self.state, self.action, self.table, self.record, self.sfid)
            and _agree(found.values, self.values, self.same_values)
            and _agree(found.old, self.old, self.same_old)
        )


def _agree(found: Values | None, wanted: Values | None, also: Values) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return wanted.items() <= found.items() <= (wanted | also).items()


@dataclass
class Model:
    """Rows and log as one session has made them."""

    rows: dict[Key, Values] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)

    def copy(self) -> Model:
        """Return what a savepoint goes back to."""
        return Model({key: dict(row) for key, row in self.rows.items()}, list(self.log))

    def insert(
        self, rules: Rules, transaction: int, row: Values, *, marked: bool, captured: bool
    ) -> None:
        """Note a new row. ``marked``: the statement itself says what its _hc_lastop is."""
        held = dict(row)
        if captured:
            _mark(held, "PENDING")
        elif rules.log == "full":
            _mark(held, "SYNCED")
        elif not marked:
            held["_hc_lastop"] = "SYNCED"
        record = int(held["id"] or 0)
        self.rows[rules.table, record] = held
        if not captured:
            return
        full = rules.log == "full"
        self.log.append(
            Entry(
                transaction=transaction,
                state="NEW" if rules.writable else "READONLY",
                action="INSERT",
                table=rules.table,
                record=record,
                values=_without_marks(held) if full else None,
                after=_of(held, rules.sent),
            )
        )

    def update(
        self, rules: Rules, transaction: int, record: int, changes: Values, *, captured: bool
    ) -> None:
        """Note an update of one row; ``changes`` may name its id."""
        before = self.rows.pop((rules.table, record))
        after = {**before, **changes}
        changed = {name for name in rules.sent if before[name] != after[name]}
        same = {name for name in changed & rules.numbers if _same(before[name], after[name])}
        if rules.log == "full":
            _mark_full(before, after, captured)
        elif captured and changed - same:
            _mark(after, "PENDING")
        new = int(after["id"] or 0)
        self.rows[rules.table, new] = after
        if not captured:
            self._each(rules.table, record, lambda one: _overtaken(one, changes))
            return
        if new != record:
            self._each(rules.table, record, lambda one: _renumbered(one, new))
        entry = Entry(
            transaction=transaction,
            state="NEW",
            action="UPDATE",
            table=rules.table,
            record=new,
            sfid=before["sfid"],
            after=_of(after, rules.sent),
        )
        if rules.log == "full":
            self.log.append(_full_update(rules, entry, before, after))
        elif changed:
            self.log.append(_changes_update(rules, entry, before, after, changed - same, same))

    def delete(self, rules: Rules, transaction: int, record: int, *, captured: bool) -> None:
        """Note that a row is gone."""
        row = self.rows.pop((rules.table, record))
        self._each(rules.table, record, lambda one: replace(one, after=None))
        if not captured:
            return
        old: Values | None = _without_marks(row)
        state = "NEW" if row["sfid"] is not None else "IGNORE"
        if rules.log == "changes":
            old = _of(row, rules.sent) if row["sfid"] is None else None
        self.log.append(
            Entry(
                transaction=transaction,
                state=state if rules.writable else "READONLY",
                action="DELETE",
                table=rules.table,
                record=record,
                sfid=row["sfid"],
                old=old,
            )
        )

    def _each(self, table: str, record: int, change: Callable[[Entry], Entry]) -> None:
        self.log = [
            change(one) if (one.table, one.record) == (table, record) else one for one in self.log
        ]


class Different(AssertionError):
    """The log does not say what it must."""


def paired(wanted: Iterable[Entry], found: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Return each entry that was found beside the one that must be there, by record.

    Order counts within a record. Entries of one transaction must share a number, which no other
    transaction has. Raises Different.
    """
    pairs: list[tuple[Entry, Entry]] = []
    records, left = _by_record(wanted), _by_record(found)
    for key in sorted(records.keys() | left.keys()):
        rest = left.get(key, [])
        for entry in records.get(key, []):
            if rest and entry.agrees(rest[0]):
                pairs.append((entry, rest.pop(0)))
            elif entry.needed:
                raise Different(f"wanted {entry}\nfound  {rest[0] if rest else 'nothing'}")
        if rest:
            raise Different(f"wanted nothing\nfound  {rest[0]}")
    numbers = {(one.transaction, other.transaction) for one, other in pairs}
    if not len(numbers) == len({one for one, _ in numbers}) == len({one for _, one in numbers}):
        raise Different(f"transactions and their numbers: {sorted(numbers)}")
    return pairs


def _by_record(entries: Iterable[Entry]) -> dict[Key, list[Entry]]:
    grouped: dict[Key, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault((entry.table, entry.record), []).append(entry)
    return grouped


def _full_update(rules: Rules, entry: Entry, before: Values, after: Values) -> Entry:
    old, new = _without_marks(before), _without_marks(after)
    values = {name: value for name, value in new.items() if value != old[name]}
    state = "NEW" if values else "IGNORE"
    return replace(entry, state=state if rules.writable else "READONLY", old=old, values=values)


def _changes_update(
    rules: Rules, entry: Entry, before: Values, after: Values, changed: set[str], same: set[str]
) -> Entry:
    return replace(
        entry,
        values=_of(after, changed),
        same_values=_of(after, same),
        old=_of(before, changed) if rules.ordered else None,
        same_old=_of(before, same),
    )


def _mark_full(before: Mapping[str, str | None], after: Values, captured: bool) -> None:
    """The sync's own writes say what they did to the row, or else that it is in step."""
    if captured:
        _mark(after, "PENDING")
    elif after["_hc_lastop"] in (None, before["_hc_lastop"]):
        _mark(after, "SYNCED")


def _mark(row: Values, lastop: str) -> None:
    row.update(_hc_lastop=lastop, _hc_err=None)


def _renumbered(entry: Entry, record: int) -> Entry:
    """What waits goes along with the row; what does not is history."""
    if entry.state == "NEW":
        return replace(entry, record=record)
    return replace(entry, after=None)


def _overtaken(entry: Entry, names: Iterable[str]) -> Entry:
    """The sync has written these since: they are not the application's any more."""
    if entry.after is None or "id" in names:
        return replace(entry, after=None)
    return replace(entry, after=_of(entry.after, entry.after.keys() - set(names)))


def _without_marks(row: Values) -> Values:
    return {name: value for name, value in row.items() if name not in MARKS}


def _of(row: Values, names: Iterable[str]) -> Values:
    return {name: row[name] for name in names}


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and Decimal(one) == Decimal(other)
