"""A query made ready to run. Plans are remembered: clients ask the same thing again and again."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from connectsql.emulator.org.schema import Schema
from connectsql.emulator.soql.bound import BoundQuery, Groups, Record
from connectsql.emulator.soql.check import Setting, check
from connectsql.emulator.soql.parse import parse
from connectsql.emulator.soql.shape import GroupShape, Part, RecordShape
from connectsql.emulator.soql.translate import Statement, counted, grouped, select

_MOST = 256

_Key = tuple[Setting, str, bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A bound query, its SQL, and the shape of its rows; ``count()`` has none."""

    query: BoundQuery
    statement: Statement
    shape: Part | None

    @property
    def object(self) -> str:
        """The name of the object that is queried."""
        return self.query.table.sobject.name


_plans: WeakKeyDictionary[Schema, dict[_Key, Plan]] = WeakKeyDictionary()


def plan(schema: Schema, setting: Setting, text: str, *, deleted: bool) -> Plan:
    """Return the plan of a query, or raise its refusal."""
    known = _plans.setdefault(schema, {})
    key = (setting, text, deleted)
    if key not in known:
        if len(known) >= _MOST:
            known.clear()
        known[key] = _made(check(parse(text), schema, setting, text), deleted=deleted)
    return known[key]


def _made(query: BoundQuery, *, deleted: bool) -> Plan:
    match query.result:
        case Record() as record:
            columns: list[str] = []
            shape = RecordShape(record, columns)
            statement = select(query, columns, deleted=deleted)
            return Plan(query=query, statement=statement, shape=shape)
        case Groups() as groups:
            statement = grouped(query, groups, deleted=deleted)
            return Plan(query=query, statement=statement, shape=GroupShape(groups))
        case None:
            statement = counted(select(query, ["1"], deleted=deleted))
            return Plan(query=query, statement=statement, shape=None)
