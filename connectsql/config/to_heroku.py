"""Turns a Config into a Heroku Connect mapping export, and keeps what only an export can say.

An import keeps whatever a config has no property for in the group ``heroku``, so that the export
of an imported config is the file it came from. Left out on both ways is what Heroku Connect
writes by itself: ``exported_at``, ``applied_at`` and ``revision``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectsql.config import model
from connectsql.config.model import Config, HerokuExport, LogLevel, Types, WriteMode
from connectsql.errors import Fault

OWN_WORDS = ("exported_at", "applied_at", "revision")
USUAL_CALLS_A_DAY = 30_000  # Heroku Connect writes it where nobody chose a limit
POLL_SECONDS = (120, 3600)  # what Heroku Connect takes
_ALWAYS = ("Id", "SystemModstamp")  # in every mapping's fields; IsDeleted where there is one
_DERIVED = {
    "access", "fields", "indexes", "sf_notify_enabled", "sf_polling_seconds", "upsert_field",
    *OWN_WORDS,
}  # fmt: skip
_MERGING = "poll_db_no_merge"


def kept_of_connection(given: Mapping[str, Any], config_name: str, version: str) -> HerokuExport:
    """Return what a config cannot say of an export's ``connection``."""
    kept = {name: value for name, value in given.items() if name not in OWN_WORDS}
    if kept.get("name") == config_name:
        del kept["name"]
    if kept.get("api_version") == version:
        del kept["api_version"]
    return HerokuExport(properties=tuple(kept.items()))


def kept_of_mapping(given: Mapping[str, Any], mapping: model.Mapping) -> HerokuExport:
    """Return what a config cannot say of an export's mapping.

    ``fields`` holds what is not there though it always is, ``indexes`` what differs.
    """
    kept = {name: value for name, value in given.items() if name not in _DERIVED}
    if kept.get("sf_max_daily_api_calls") == USUAL_CALLS_A_DAY:
        del kept["sf_max_daily_api_calls"]
    if absent := {name: None for name in _absent(given["fields"])}:
        kept["fields"] = absent
    if given.get("upsert_field") != mapping.upsert_field:
        kept["upsert_field"] = given["upsert_field"]
    derived, stood = _indexes(mapping), given.get("indexes", {})
    names = [*stood, *(name for name in derived if name not in stood)]
    differing = {one: stood.get(one) for one in names if stood.get(one) != derived.get(one)}
    if differing:
        kept["indexes"] = differing
    return HerokuExport(properties=tuple(kept.items()))


def _absent(names: Iterable[str]) -> list[str]:
    """Return what Heroku Connect always maps and ``names`` lack."""
    listed = {name.lower() for name in names}
    return [name for name in _ALWAYS if name.lower() not in listed]


def export(config: Config, fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the export that says what a config says.

    ``fields`` names those of each object in the export's words, a "*" written out.
    """
    mappings = [
        {"object_name": one.object, "config": _mapping(one, fields[one.object])}
        for one in config.mappings
    ]
    whole: dict[str, Any] = {"version": 1}
    if connection := _connection(config):
        whole["connection"] = connection
    return {**whole, "mappings": mappings}


def _kept(heroku: HerokuExport | None) -> dict[str, Any]:
    return dict(heroku.properties) if heroku else {}


def _connection(config: Config) -> dict[str, Any]:
    kept = _kept(config.heroku)
    if config.name != (kept.get("name") or kept.get("app_name") or "connectsql"):
        kept["name"] = config.name
    if "api_version" not in kept and config.api_version != "62.0":
        kept["api_version"] = config.api_version
    ordered = all(one.writes is WriteMode.ORDERED for one in config.mappings)
    features = kept.get("features", {})
    if features.get(_MERGING, True) != ordered:
        kept["features"] = {**features, _MERGING: ordered}
    return kept


def _mapping(mapping: model.Mapping, fields: Sequence[str]) -> dict[str, Any]:
    kept = _kept(mapping.heroku)
    differing = kept.pop("indexes", {})
    indexes = {**_indexes(mapping), **differing}
    not_there = kept.pop("fields", {})
    names = [*fields, *(name for name in _absent(fields) if name not in not_there)]
    least, most = POLL_SECONDS
    said: dict[str, Any] = {
        "access": mapping.access.value,
        "sf_notify_enabled": mapping.events,
        "sf_polling_seconds": min(max(mapping.poll_seconds, least), most),
        "sf_max_daily_api_calls": USUAL_CALLS_A_DAY,
        "fields": {name: {} for name in names},
    }
    if mapping.upsert_field:
        said["upsert_field"] = mapping.upsert_field
    if indexes := {name: options for name, options in indexes.items() if options is not None}:
        said["indexes"] = indexes
    return {**said, **kept}


def _indexes(mapping: model.Mapping) -> dict[str, dict[str, bool]]:
    """The indexes of a mapping in an export's form: those that are always there, then its own."""
    indexes = {"Id": {"unique": True}, "SystemModstamp": {"unique": False}}
    indexes |= {one.field: {"unique": one.unique} for one in mapping.indexes}
    named = {name.lower() for name in indexes}
    if mapping.upsert_field and mapping.upsert_field.lower() not in named:
        indexes[mapping.upsert_field] = {"unique": True}
    return indexes


def losses(config: Config) -> Iterator[Fault]:
    """Yield a warning for everything that Heroku Connect has no way to say."""
    if config.types is not Types.HEROKU:
        yield _lost(config, "types", f"types: {config.types} becomes Heroku Connect's own types")
    if config.schema != "salesforce":
        yield _lost(config, "schema", f"the schema {config.schema} is chosen in Heroku Connect")
    if config.roles != model.NOBODY:
        yield _lost(config, "roles", "roles are not in an export")
    if config.retention != model.Retention():
        yield _lost(config, "retention", "how long changes are kept is chosen in Heroku Connect")
    if len({one.writes for one in config.mappings}) > 1:
        yield _lost(config, "mappings", "writes differ among mappings: merged is left for all")
    for mapping in config.mappings:
        for name, message in _lost_of(mapping):
            place = mapping.places.get(name, mapping.place)
            yield Fault(place=place, message=f"{mapping.object}: {message}")


def _lost(config: Config, name: str, message: str) -> Fault:
    return Fault(place=config.places.get(name, config.place), message=message)


def _lost_of(mapping: model.Mapping) -> Iterator[tuple[str, str]]:
    if mapping.table != mapping.object.lower():
        yield "table", f"the table is not called {mapping.table} there"
    for field in mapping.fields:
        if field.column or field.read_only:
            yield "fields", f"{field.name} has its own name or access only here"
    if mapping.log is not LogLevel.FULL:
        yield "log", "the trigger log is always full there"
    least, most = POLL_SECONDS
    if not least <= mapping.poll_seconds <= most:
        yield "poll_seconds", f"{mapping.poll_seconds} s is outside of {least} to {most} s"
    for name, given, default in (
        ("filter", mapping.filter, None),
        ("computed", mapping.computed, ()),
        ("constraints", mapping.constraints, model.Constraints.OFF),
        ("remote_deletes", mapping.remote_deletes, model.RemoteDeletes.REMOVE),
        ("local_deletes", mapping.local_deletes, model.LocalDeletes.SEND),
        ("partitioned", mapping.partitioned, False),
        ("replicated", mapping.replicated, False),
        ("roles", mapping.roles, None),
    ):
        if given != default:
            yield name, f"{name} has no counterpart there"
