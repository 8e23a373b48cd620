"""How the records of an object look as change events: which fields, where, in what form.

A compound field is a record of its parts. What an event never tells is left out: the id,
which the header has, stamps that belong to no user, and what is derived from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.events.values import Convert, avro_type, converter, meaning
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Row
from connectsql.eventbus import bitmap
from connectsql.eventbus.encoding import Encoder
from connectsql.eventbus.schema import EventField, RecordType, event_schema

_LEFT_OUT = frozenset(
    {
        "Id",
        "IsDeleted",
        "IsEmailBounced",
        "LastActivityDate",
        "LastReferencedDate",
        "LastViewedDate",
        "MasterRecordId",
        "PhotoUrl",
        "SystemModstamp",
    }
)
_ADDRESS = RecordType(
    name="Address",
    fields=(
        ("Street", "string"),
        ("City", "string"),
        ("State", "string"),
        ("PostalCode", "string"),
        ("Country", "string"),
        ("StateCode", "string"),
        ("CountryCode", "string"),
        ("Latitude", "double"),
        ("Longitude", "double"),
        ("GeocodeAccuracy", "string"),
    ),
)
_LOCATION = RecordType(name="Location", fields=(("Latitude", "double"), ("Longitude", "double")))
_NAME_PARTS = ("Salutation", "FirstName", "LastName")
_RARE_NAME_PARTS = ("MiddleName", "InformalName", "Suffix")
_PERSON = "IsPersonAccount"
_MOST_BITMAPS = 1000
_MODIFIED = "LastModifiedDate"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a field of a record is in its event; ``part`` is its place in a compound field.

    Its value is told as it is stored unless there is something to ``convert`` it.
    """

    position: int
    name: str
    part: int | None
    part_name: str
    convert: Convert | None
    is_formula: bool


class Layout:
    """The change events of one object, as its fields are now."""

    def __init__(self, sobject: SObject) -> None:
        self.sobject = sobject
        fields = [one for one in sobject.fields if _is_told(one)]
        compounds = {one.name: kind for one in fields if (kind := _record_type(sobject, one))}
        inside = {part.name for name in compounds for part, _ in _parts(sobject, name, compounds)}
        told = [one for one in fields if one.name not in inside]
        event_fields = [_event_field(sobject, one) for one in told]
        self.schema = event_schema(sobject.name, event_fields)
        self.encoder = Encoder(event_fields)
        self._bitmaps: dict[tuple[str, ...], list[str]] = {(): []}
        self._slots = _slots(sobject, told, compounds)
        self._boxes = {one.name: False for one in told if one.type == "boolean"}
        name = compounds.get("Name")
        self._may_be_person = name is not None and name.name == "Switchable_PersonName"
        self._name_parts = frozenset(
            part for part, slot in self._slots.items() if slot.name == "Name" and part != "Name"
        )

    def changed(self, before: Row, after: Row) -> list[str]:
        """Return the fields of a record that an update changed, as far as events tell them.

        Formulas alone make no change: they follow from others. What a user changed has a new
        date, even within the second.
        """
        slots, was = self._slots, before.get
        found = [
            name
            for name, value in after.items()
            if value != was(name)
            and name in slots
            and not (name in self._boxes and not value and not was(name))
        ]
        if all(slots[name].is_formula for name in found):
            return []
        if _MODIFIED not in found and _MODIFIED in slots and _is_by_user(after):
            found.append(_MODIFIED)
        return list(self._of_this_kind(after, found))

    def whole(self, row: Row) -> dict[str, Any]:
        """Return a record as an event has it, but for the empty fields."""
        return self._boxes | self.part(row, row)

    def part(self, row: Row, names: Iterable[str]) -> dict[str, Any]:
        """Return some fields of a record as an event has them, but for the empty."""
        event: dict[str, Any] = {}
        slots = self._slots
        for name in self._of_this_kind(row, names):
            slot, value = slots.get(name), row.get(name)
            if slot is None or value is None:
                continue
            if slot.convert:
                value = slot.convert(value)
            if slot.part is None:
                event[slot.name] = value
            else:
                event.setdefault(slot.name, {})[slot.part_name] = value
        return event

    def bitmaps(self, names: list[str]) -> list[str]:
        """Return where fields are in the schema, as a header tells it."""
        key = tuple(names)
        known = self._bitmaps.get(key)
        if known is None:
            if len(self._bitmaps) >= _MOST_BITMAPS:
                self._bitmaps.clear()
            known = self._bitmaps[key] = bitmap.encode(self._positions(names))
        return known

    def _positions(self, names: Iterable[str]) -> bitmap.Positions:
        whole: set[int] = set()
        nested: dict[int, set[int]] = {}
        for name in names:
            slot = self._slots[name]
            if slot.part is None:
                whole.add(slot.position)
            else:
                nested.setdefault(slot.position, set()).add(slot.part)
        parts = {parent: frozenset(them) for parent, them in nested.items()}
        return bitmap.Positions(frozenset(whole), parts)

    def _of_this_kind(self, row: Row, names: Iterable[str]) -> Iterable[str]:
        """Leave out the parts of an account's name, or its whole where it is a person's."""
        if not self._may_be_person:
            return names
        if row.get(_PERSON):
            return [name for name in names if name != "Name"]
        return [name for name in names if name not in self._name_parts]


def _is_by_user(row: Row) -> bool:
    """Tell whether a user changed a record last; the org itself moves the other stamp only."""
    return bool(row.get("SystemModstamp", row.get(_MODIFIED)) == row.get(_MODIFIED))


def _is_told(field: Field) -> bool:
    return field.name not in _LEFT_OUT and field.type != "base64"


def _record_type(sobject: SObject, field: Field) -> RecordType | None:
    """Return the record that a compound field is, or None for a plain field."""
    if field.type == "address":
        return _ADDRESS
    if field.type == "location":
        return _LOCATION
    if field.name != "Name" or not (sobject.components(field) or _is_switchable(sobject, field)):
        return None
    rare = [part for part in _RARE_NAME_PARTS if sobject.field(part)]
    name = "Switchable_PersonName" if _is_switchable(sobject, field) else "PersonName"
    return RecordType(name=name, fields=tuple((part, "string") for part in (*_NAME_PARTS, *rare)))


def _is_switchable(sobject: SObject, field: Field) -> bool:
    """Tell whether a name may be a person's or not: only an account's may."""
    return sobject.name == "Account" and field.name == "Name"


def _parts(
    sobject: SObject, name: str, compounds: dict[str, RecordType]
) -> list[tuple[Field, int]]:
    """Return the parts of a compound field, with the place of each in its record."""
    places = {part: at for at, (part, _) in enumerate(compounds[name].fields)}
    compound = sobject.by_name[name.lower()]
    named = ((one, _part_name(one.name, name)) for one in sobject.components(compound))
    return [(one, places[part]) for one, part in named if part in places]


def _part_name(name: str, compound: str) -> str:
    """Return what a part is called in its record: BillingCity is City, Home__City__s too."""
    if compound.endswith("__c"):
        return name.removeprefix(compound.removesuffix("c")).removesuffix("__s")
    return name.removeprefix(compound.removesuffix("Address"))


def _event_field(sobject: SObject, field: Field) -> EventField:
    record = _record_type(sobject, field)
    if record is None:
        return EventField(name=field.name, types=(avro_type(field),), doc=meaning(field))
    if _is_switchable(sobject, field):
        return EventField(name=field.name, types=("string", record), doc=f"Data:{record.name}")
    return EventField(name=field.name, types=(record,), doc=f"Data:{record.name}")


def _slots(
    sobject: SObject, told: list[Field], compounds: dict[str, RecordType]
) -> dict[str, Slot]:
    formulas = {raw["name"] for raw in sobject.raw["fields"] if raw.get("calculatedFormula")}
    slots: dict[str, Slot] = {}
    for position, field in enumerate(told, start=1):
        record = compounds.get(field.name)
        if record is None or _is_switchable(sobject, field):
            slots[field.name] = Slot(
                position, field.name, None, "", converter(field), field.name in formulas
            )
        if record:
            for part, place in _parts(sobject, field.name, compounds):
                part_name = record.fields[place][0]
                slots[part.name] = Slot(
                    position, field.name, place, part_name, converter(part), False
                )
    return slots
