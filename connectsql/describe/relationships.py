"""Relationship columns: ``Account__ExternalId__c`` names a parent by its external id.

The name is ``<relationship>__<field of the parent>``. Both halves may hold ``__`` themselves
(namespaces, ``__c``, ``__r``), so every split is tried and the describes decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from connectsql.describe.model import Field, Org, SObject


@dataclass(frozen=True, kw_only=True)
class RelationshipColumn:
    """What a relationship column stands for."""

    lookup: Field  # the reference field of the object itself
    parent: SObject
    external_id: Field  # the parent's field that the column holds
    identifies: bool = True  # whether a value tells Salesforce which record is meant


@dataclass(frozen=True, kw_only=True)
class Unresolved:
    """Why a name is no relationship column, and what to do about it."""

    reason: str
    hint: str = ""
    undescribed: tuple[str, ...] = ()  # parents whose describe might settle it


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One way to read the name: a lookup of the object and a field name of its parent."""

    rank: int  # how directly the first half names the lookup; 0 is its relationship name
    relationship: str
    lookup: Field
    rest: str


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    reading: _Reading
    column: RelationshipColumn

    @property
    def keyed(self) -> bool:
        """Whether a record can be found by the parent's field."""
        return self.column.external_id.external_id or self.column.external_id.id_lookup

    @property
    def order(self) -> tuple[bool, int, int]:
        """What to prefer: external ids, direct names, then the longest relationship."""
        return (not self.keyed, self.reading.rank, -len(self.reading.relationship))


def resolve(org: Org, sobject: SObject, name: str) -> RelationshipColumn | Unresolved:
    """Find the lookup, the parent and the parent's field that ``name`` stands for."""
    if own := sobject.field(name):
        return Unresolved(reason=f"{own.name} is a field of {sobject.name} itself")
    readings = list(_readings(sobject, name))
    candidates = sorted(_candidates(org, readings), key=lambda one: one.order)
    if not candidates:
        return _explain(org, sobject, name, readings)
    best = candidates[0]
    rivals = {one.column.lookup.name: one.reading for one in candidates if one.order == best.order}
    if len(rivals) > 1:
        return _ambiguous(name, rivals)
    # A polymorphic lookup may have several parents with such a field.
    parents = {one.column.parent.name for one in candidates if one.order == best.order}
    return replace(best.column, identifies=best.keyed and len(parents) == 1)


def candidate_parents(sobject: SObject, names: Iterable[str]) -> tuple[str, ...]:
    """Return the objects whose describes are needed to resolve ``names``, sorted.

    Names of the object's own fields need none.
    """
    unknown = [name for name in names if sobject.field(name) is None]
    readings = (reading for name in unknown for reading in _readings(sobject, name))
    return tuple(sorted({parent for one in readings for parent in one.lookup.reference_to}))


def _readings(sobject: SObject, name: str) -> Iterator[_Reading]:
    lookups = [field for field in sobject.fields if field.reference_to]
    for relationship, rest in _splits(name):
        for lookup in lookups:
            rank = _rank(lookup, relationship.lower())
            if rank is not None:
                yield _Reading(rank=rank, relationship=relationship, lookup=lookup, rest=rest)


def _splits(name: str) -> Iterator[tuple[str, str]]:
    for at in range(1, len(name) - 2):
        if name[at : at + 2] == "__":
            yield name[:at], name[at + 2 :]


def _rank(lookup: Field, relationship: str) -> int | None:
    """Say how directly the lower-cased ``relationship`` names ``lookup``, if at all."""
    own = lookup.name.lower()
    formal = (lookup.relationship_name or "").lower()
    if relationship == formal:
        return 0
    if relationship == own:
        return 1
    if _stem(relationship) in {_stem(formal), _stem(own), own.removesuffix("id")} - {""}:
        return 2
    parents = {parent.lower() for parent in lookup.reference_to}
    return 3 if relationship in parents else None


def _stem(name: str) -> str:
    return name.removesuffix("__r").removesuffix("__c")


def _candidates(org: Org, readings: list[_Reading]) -> Iterator[_Candidate]:
    for reading in readings:
        for parent in _described(org, reading):
            if field := parent.field(reading.rest):
                column = RelationshipColumn(lookup=reading.lookup, parent=parent, external_id=field)
                yield _Candidate(reading=reading, column=column)


def _described(org: Org, reading: _Reading) -> list[SObject]:
    found = (org.object(name) for name in reading.lookup.reference_to)
    return [parent for parent in found if parent is not None]


def _explain(org: Org, sobject: SObject, name: str, readings: list[_Reading]) -> Unresolved:
    if not readings:
        return _no_such_field(sobject, name)
    parents = dict.fromkeys(p for one in readings for p in one.lookup.reference_to)
    missing = tuple(one for one in parents if org.object(one) is None)
    if missing:
        return Unresolved(
            reason=f"{name} needs the describe of {_either(missing)}, which is not in the snapshot",
            hint="fetch it: connectsql describe",
            undescribed=missing,
        )
    return _no_such_parent_field(org, name, readings)


def _no_such_field(sobject: SObject, name: str) -> Unresolved:
    close = get_close_matches(name.lower(), sobject.by_name, n=1, cutoff=0.7)
    hint = f"did you mean {sobject.by_name[close[0]].name}?" if close else ""
    if not close and "__" in name:
        hint = "a parent's external id is written <relationship name>__<field of the parent>"
    what = "field or relationship" if "__" in name else "field"
    return Unresolved(reason=f"{sobject.name} has no {what} {name}", hint=hint)


def _no_such_parent_field(org: Org, name: str, readings: list[_Reading]) -> Unresolved:
    best = min(readings, key=lambda one: (one.rank, -len(one.relationship)))
    parents = _described(org, best)
    fields = {field.name.lower(): field.name for parent in parents for field in parent.fields}
    close = get_close_matches(best.rest.lower(), fields, n=1, cutoff=0.7)
    names = _either(tuple(parent.name for parent in parents))
    return Unresolved(
        reason=f"{name}: {best.lookup.name} points to {names}, which has no field {best.rest}",
        hint=f"did you mean {best.relationship}__{fields[close[0]]}?" if close else "",
    )


def _ambiguous(name: str, rivals: dict[str, _Reading]) -> Unresolved:
    ways = [
        f"{one.lookup.relationship_name or one.lookup.name}__{one.rest}" for one in rivals.values()
    ]
    return Unresolved(
        reason=f"{name} could go through {' or '.join(rivals)}",
        hint=f"write {_either(tuple(ways))}",
    )


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
