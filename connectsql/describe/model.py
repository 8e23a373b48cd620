"""Objects and fields as a Salesforce describe tells them, reduced to what the sync uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an object. Lengths are characters; ``digits`` counts those of an int."""

    name: str
    label: str
    type: str  # Salesforce's own word: "string", "reference", "currency", ...
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = True
    createable: bool = False
    updateable: bool = False
    defaulted_on_create: bool = False
    filterable: bool = True
    calculated: bool = False
    auto_number: bool = False
    external_id: bool = False
    unique: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    polymorphic: bool = False
    help_text: str = ""
    picklist: tuple[str, ...] = ()  # the active values
    restricted: bool = False  # whether Salesforce refuses other values

    @property
    def required_on_create(self) -> bool:
        """Whether Salesforce refuses a new record without it."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @classmethod
    def from_describe(cls, raw: Mapping[str, Any]) -> Field:
        """Read one element of a describe's ``fields``; attributes an old API lacks are false."""
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
            filterable=bool(raw.get("filterable", True)),
            calculated=bool(raw.get("calculated")),
            auto_number=bool(raw.get("autoNumber")),
            external_id=bool(raw.get("externalId")),
            unique=bool(raw.get("unique")),
            id_lookup=bool(raw.get("idLookup")),
            case_sensitive=bool(raw.get("caseSensitive")),
            reference_to=tuple(raw.get("referenceTo") or ()),
            relationship_name=raw.get("relationshipName"),
            polymorphic=len(raw.get("referenceTo") or ()) > 1,
            help_text=raw.get("inlineHelpText") or "",
            picklist=_active(raw.get("picklistValues") or ()),
            restricted=bool(raw.get("restrictedPicklist")),
        )


def _active(values: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one["value"]) for one in values if one.get("active", True))


@dataclass(frozen=True, kw_only=True)
class SObject:
    """One object of the org."""

    name: str
    label: str
    key_prefix: str | None
    queryable: bool
    createable: bool
    updateable: bool
    deletable: bool
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by lower-cased name: Salesforce's names ignore case."""
        return {field.name.lower(): field for field in self.fields}

    def field(self, name: str) -> Field | None:
        """Return the field of that name in any spelling, or None."""
        return self.by_name.get(name.lower())

    @classmethod
    def from_describe(cls, raw: Mapping[str, Any]) -> SObject:
        """Read a whole describe, as ``GET /sobjects/X/describe`` answers it."""
        return cls(
            name=raw["name"],
            label=raw.get("label") or raw["name"],
            key_prefix=raw.get("keyPrefix"),
            queryable=bool(raw.get("queryable", True)),
            createable=bool(raw.get("createable", True)),
            updateable=bool(raw.get("updateable", True)),
            deletable=bool(raw.get("deletable", True)),
            fields=tuple(Field.from_describe(field) for field in raw["fields"]),
        )


class Org:
    """The described objects by name, in any spelling."""

    def __init__(self, objects: tuple[SObject, ...]) -> None:
        self.objects = objects
        self._by_name = {one.name.lower(): one for one in objects}

    def object(self, name: str) -> SObject | None:
        """Return the object of that name, or None where the snapshot lacks it."""
        return self._by_name.get(name.lower())
