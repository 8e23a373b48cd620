"""Fills an org with believable records, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat

from connectsql.emulator.org import ids
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.seeding import believable
from connectsql.emulator.org.store import Row
from connectsql.errors import EmulatorError

_PARENTS_FOR_REQUIRED_LOOKUPS = 10
_SET_BY_THE_ORG = frozenset(
    {"OwnerId", "CreatedById", "LastModifiedById", "CreatedDate", "LastModifiedDate"}
)


def seed(org: OrgCore, counts: Mapping[str, int], number: int) -> None:
    """Fill the named objects that have no records yet; ``number`` chooses the data.

    Lookups lead to records seeded with them or there before. A required lookup to an object
    without records gets a few of these. Raises ``EmulatorError`` for an unknown object.
    """
    wanted = {_named(org, name): count for name, count in counts.items()}
    _add_required_parents(org, wanted)
    fresh = {one: count for one, count in wanted.items() if _is_unfilled(org, one)}
    reserved = {one: [org.store.new_id(one) for _ in range(n)] for one, n in fresh.items()}
    with org.transaction():
        for sobject, own in reserved.items():
            org.store.insert(sobject, _rows(org, sobject, own, reserved, number))


def _is_unfilled(org: OrgCore, sobject: SObject) -> bool:
    """Tell whether an object has no records but the org's own user."""
    return org.store.count(sobject) <= (sobject.name == "User")


def _named(org: OrgCore, name: str) -> SObject:
    sobject = org.object(name)
    if sobject is None:
        known = ", ".join(sorted(one.name for one in org.schema.objects))
        raise EmulatorError(
            f"records of {name} cannot be seeded: the org has no such object",
            hint=f"It has {known}.",
        )
    return sobject


def _add_required_parents(org: OrgCore, wanted: dict[SObject, int]) -> None:
    unseen = list(wanted)
    while unseen:
        sobject = unseen.pop()
        for lookup in sobject.fields:
            parent = _first_target(org, lookup)
            needed = lookup.type == "reference" and lookup.is_required and parent
            if needed and parent and parent not in wanted and not org.store.count(parent):
                wanted[parent] = _PARENTS_FOR_REQUIRED_LOOKUPS
                unseen.append(parent)


def _first_target(org: OrgCore, lookup: Field) -> SObject | None:
    return next(filter(None, map(org.object, lookup.reference_to)), None)


def _rows(
    org: OrgCore,
    sobject: SObject,
    own: list[str],
    reserved: Mapping[SObject, list[str]],
    number: int,
) -> Iterator[Row]:
    """Make the records one at a time, so that millions take no room but in the store."""
    columns = {
        field.name: _column(org, sobject, field, own, reserved, number)
        for field in sobject.stored
        if field.createable and field.name not in _SET_BY_THE_ORG and not field.auto_number
    }
    complete = org.records(sobject).complete
    for n, (record_id, *values) in enumerate(zip(own, *columns.values(), strict=True), 1):
        given = dict(zip(columns, values, strict=True))
        row = complete(given, believable.stamp_of(n))
        row["Id"] = record_id
        yield row


def _column(
    org: OrgCore,
    sobject: SObject,
    field: Field,
    own: list[str],
    reserved: Mapping[SObject, list[str]],
    number: int,
) -> Iterable[object]:
    count = len(own)
    if field.type != "reference":
        return believable.column(field, sobject.name, number, count)
    if sobject.name in field.reference_to and not field.is_required:
        return (own[n // 3] if n % 2 and n > 2 else None for n in range(count))
    parents = _parents(org, field, reserved)
    if parents:
        return (parents[n * 7 % len(parents)] for n in range(count))
    return repeat(ids.make_id("000", 1) if field.is_required else None, count)


def _parents(org: OrgCore, field: Field, reserved: Mapping[SObject, list[str]]) -> list[str]:
    """Return the ids a lookup may lead to: those being seeded, or those already there."""
    targets = [one for one in map(org.object, field.reference_to) if one]
    seeded = [key for one in targets for key in reserved.get(one, ())]
    if seeded:
        return seeded
    there = (org.store.some_ids(one) for one in targets)
    return next(filter(None, there), [])
