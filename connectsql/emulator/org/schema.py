"""Objects and fields, as the describes tell them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connectsql.emulator.org import ids

NUMBERS = frozenset({"double", "currency", "percent"})
NUMERIC = NUMBERS | {"int"}
COMPOSED = frozenset({"address", "location"})
_PLAIN = frozenset({"boolean", "int", "date", "datetime", "time", "id", "reference", "base64"})


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Field:
    """One field. Lengths are in characters; ``options`` are a picklist's active values.

    A lookup that ``cascades`` (a master-detail one above all) takes its record along when the
    parent is deleted; one that ``restricts`` keeps the parent from being deleted.
    """

    name: str
    label: str
    type: str
    length: int
    precision: int
    scale: int
    digits: int
    nillable: bool
    createable: bool
    updateable: bool
    defaulted_on_create: bool
    auto_number: bool
    external_id: bool
    unique: bool
    id_lookup: bool
    case_sensitive: bool
    filterable: bool
    sortable: bool
    groupable: bool
    aggregatable: bool
    custom: bool
    restricted: bool
    reference_to: tuple[str, ...]
    relationship: str | None
    cascades: bool
    restricts: bool
    compound: str | None
    options: tuple[str, ...]
    default: Any

    @property
    def is_text(self) -> bool:
        """Whether values are text that a person wrote, compared without regard to case."""
        return not (self.type in _PLAIN or self.type in NUMBERS or self.type in COMPOSED)

    @property
    def is_stored(self) -> bool:
        """Whether records hold a value of its own; compound fields are put together."""
        return self.type not in COMPOSED

    @property
    def folds_case(self) -> bool:
        """Whether two values that differ in case alone are equal."""
        return self.is_text and not self.case_sensitive

    @property
    def is_required(self) -> bool:
        """Whether a new record without it is refused. A boolean is false until told."""
        optional = self.nillable or self.defaulted_on_create or self.type == "boolean"
        return self.createable and not optional

    @property
    def identifies(self) -> bool:
        """Whether a record can be addressed by it."""
        return self.external_id or self.id_lookup

    @classmethod
    def from_describe(cls, raw: Mapping[str, Any]) -> Field:
        """Read one element of a describe's ``fields``; what an old API lacks is false."""
        picklist = raw.get("picklistValues") or ()
        options = tuple(str(one["value"]) for one in picklist if one.get("active", True))
        chosen = next((one["value"] for one in picklist if one.get("defaultValue")), None)
        return cls(
            name=raw["name"],
            label=raw.get("label") or raw["name"],
            type=raw["type"],
            length=raw.get("length") or 0,
            precision=raw.get("precision") or 0,
            scale=raw.get("scale") or 0,
            digits=raw.get("digits") or 0,
            nillable=bool(raw.get("nillable", True)),
            createable=bool(raw.get("createable")),
            updateable=bool(raw.get("updateable")),
            defaulted_on_create=bool(raw.get("defaultedOnCreate")),
            auto_number=bool(raw.get("autoNumber")),
            external_id=bool(raw.get("externalId")),
            unique=bool(raw.get("unique")),
            id_lookup=bool(raw.get("idLookup")),
            case_sensitive=bool(raw.get("caseSensitive")),
            filterable=bool(raw.get("filterable", True)),
            sortable=bool(raw.get("sortable", True)),
            groupable=bool(raw.get("groupable", True)),
            aggregatable=bool(raw.get("aggregatable", True)),
            custom=bool(raw.get("custom")),
            restricted=bool(raw.get("restrictedPicklist")) and bool(options),
            reference_to=tuple(raw.get("referenceTo") or ()),
            relationship=raw.get("relationshipName"),
            cascades=_is_detail(raw),
            restricts=bool(raw.get("restrictedDelete")),
            compound=raw.get("compoundFieldName"),
            options=options,
            default=raw.get("defaultValue") if raw.get("defaultValue") is not None else chosen,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildRelationship:
    """One element of a describe's ``childRelationships``: who leads here, by which lookup."""

    child: str
    field: str
    name: str | None
    cascades: bool
    restricts: bool

    @classmethod
    def from_describe(cls, raw: Mapping[str, Any]) -> ChildRelationship:
        """Read one element."""
        return cls(
            child=raw["childSObject"],
            field=raw["field"],
            name=raw.get("relationshipName"),
            cascades=bool(raw.get("cascadeDelete")),
            restricts=bool(raw.get("restrictedDelete")),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class SObject:
    """One object of the org. ``raw`` is its describe, whole."""

    name: str
    label: str
    key_prefix: str
    createable: bool
    updateable: bool
    deletable: bool
    queryable: bool
    undeletable: bool
    mergeable: bool
    replicateable: bool
    fields: tuple[Field, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by lower-cased name: Salesforce's names ignore case."""
        return {one.name.lower(): one for one in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        """The lookups by the lower-cased name of their relationship."""
        return {one.relationship.lower(): one for one in self.fields if one.relationship}

    @cached_property
    def child_relationships(self) -> tuple[ChildRelationship, ...]:
        """What the describe tells of the lookups that lead to this object."""
        told = self.raw.get("childRelationships") or ()
        return tuple(map(ChildRelationship.from_describe, told))

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that have a column."""
        return tuple(one for one in self.fields if one.is_stored)

    @cached_property
    def auto_numbers(self) -> tuple[Field, ...]:
        """The fields that the org numbers."""
        return tuple(one for one in self.fields if one.auto_number)

    @cached_property
    def name_field(self) -> str | None:
        """The field that names a record to a person, where there is one."""
        named = (one["name"] for one in self.raw["fields"] if one.get("nameField"))
        return next(named, "Name" if "name" in self.by_name else None)

    def field(self, name: str) -> Field | None:
        """Return the field of that name in any spelling, or None."""
        return self.by_name.get(name.lower())

    def child_relationship(self, name: str) -> ChildRelationship | None:
        """Return the relationship of that name, in any spelling, to a record's children."""
        wanted = name.lower()
        them = self.child_relationships
        return next((one for one in them if one.name and one.name.lower() == wanted), None)

    def components(self, compound: Field) -> tuple[Field, ...]:
        """Return the fields that a compound field is put together from."""
        return tuple(
            one for one in self.fields if one.compound == compound.name and one is not compound
        )

    @classmethod
    def from_describe(cls, raw: Mapping[str, Any], key_prefix: str) -> SObject:
        """Read a whole describe. ``key_prefix`` counts where the describe has none."""
        return cls(
            name=raw["name"],
            label=raw.get("label") or raw["name"],
            key_prefix=raw.get("keyPrefix") or key_prefix,
            createable=bool(raw.get("createable", True)),
            updateable=bool(raw.get("updateable", True)),
            deletable=bool(raw.get("deletable", True)),
            queryable=bool(raw.get("queryable", True)),
            undeletable=bool(raw.get("undeletable", True)),
            mergeable=bool(raw.get("mergeable", False)),
            replicateable=bool(raw.get("replicateable", True)),
            fields=tuple(Field.from_describe(one) for one in raw["fields"]),
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Dependent:
    """A lookup that leads to an object, and what becomes of its records with the parent."""

    sobject: SObject
    field: Field
    cascades: bool
    restricts: bool


class Schema:
    """All objects of an org.

    ``listed`` are entries of the list of all objects for those that nothing describes: they
    are in that list and nowhere else.
    """

    def __init__(
        self,
        describes: Iterable[Mapping[str, Any]],
        listed: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        raws = tuple(describes)
        free = _free_prefixes({raw.get("keyPrefix") for raw in raws})
        self.objects = tuple(
            SObject.from_describe(raw, "" if raw.get("keyPrefix") else next(free)) for raw in raws
        )
        self.listed = tuple(one for one in listed if one["name"] not in {o["name"] for o in raws})
        self._by_name = {one.name.lower(): one for one in self.objects}
        self._by_prefix = {one.key_prefix: one for one in reversed(self.objects)}
        self._dependents: dict[str, tuple[Dependent, ...]] = {}

    def find(self, name: str) -> SObject | None:
        """Return the object of that name in any spelling, or None."""
        return self._by_name.get(name.lower())

    def of_id(self, record_id: str, among: tuple[str, ...] = ()) -> SObject | None:
        """Return the object whose records have such ids; ``among`` settles shared prefixes."""
        prefix = record_id[:3]
        likely = (self.find(name) for name in among)
        wanted = next((one for one in likely if one and one.key_prefix == prefix), None)
        return wanted or self._by_prefix.get(prefix)

    def dependents(self, parent: SObject) -> tuple[Dependent, ...]:
        """Return the lookups that lead to an object, as parent and children describe them."""
        known = self._dependents.get(parent.name)
        if known is None:
            told = {(one.child, one.field): one for one in parent.child_relationships}
            known = tuple(
                _dependent(sobject, field, told.get((sobject.name, field.name)))
                for sobject in self.objects
                for field in sobject.stored
                if parent.name in field.reference_to
            )
            self._dependents[parent.name] = known
        return known


def _dependent(sobject: SObject, field: Field, told: ChildRelationship | None) -> Dependent:
    cascades = field.cascades or bool(told and told.cascades)
    restricts = not cascades and (field.restricts or bool(told and told.restricts))
    return Dependent(sobject, field, cascades, restricts)


def _is_detail(raw: Mapping[str, Any]) -> bool:
    """Tell whether a field is the detail's end of a master-detail relationship, or acts so."""
    ordered = raw.get("relationshipOrder") is not None
    return ordered or bool(raw.get("cascadeDelete") or raw.get("writeRequiresMasterRead"))


def _free_prefixes(taken: Set[str | None]) -> Iterator[str]:
    """Give key prefixes of custom objects that none of the describes has: ``aZ0``, ``aZ1``, ..."""
    digits = [ids.digit(number) for number in range(62)]
    prefixes = (f"a{first}{second}" for first in reversed(digits[:36]) for second in digits)
    return (one for one in prefixes if one not in taken)
