"""A first config for objects of an org: everything that can be read, to be cut down by hand."""

from __future__ import annotations

from collections.abc import Iterable

from connectsql.config.model import (
    Access,
    Config,
    Login,
    LogLevel,
    MappedField,
    Mapping,
    Types,
    WriteMode,
)
from connectsql.describe.model import Field, SObject
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError, Place


def draft(file: str, objects: Iterable[SObject]) -> Config:
    """Return a config with a read-only mapping for each object."""
    place = Place(file=file)
    return Config(
        file=file,
        name="connectsql",
        schema="salesforce",
        api_version="62.0",
        types=Types.NATIVE,
        login=Login(),
        lookback_seconds=300,
        lease_seconds=30,
        mappings=tuple(_mapping(one, place) for one in objects),
        place=place,
    )


def _mapping(sobject: SObject, place: Place) -> Mapping:
    fields = [one.name for one in sobject.fields if one.name != "Id" and _has_column(one)]
    return Mapping(
        object=sobject.name,
        table=sobject.name.lower(),
        access=Access.READ_ONLY,
        fields=tuple(MappedField(name=name, place=place) for name in fields),
        upsert_field=None,
        indexes=(),
        log=LogLevel.CHANGES,
        writes=WriteMode.MERGED,
        poll_seconds=120,
        place=place,
    )


def _has_column(field: Field) -> bool:
    try:
        column_type(field, Types.NATIVE)
    except DescribeError:
        return False
    return True
