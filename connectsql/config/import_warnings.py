"""What of a Heroku Connect export has no counterpart in a config: one warning for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connectsql.config.source import Path, Source
from connectsql.config.to_heroku import USUAL_CALLS_A_DAY
from connectsql.config.words import label
from connectsql.errors import Fault

EXPORT = "export-heroku"
_TOP = {"version", "connection", "mappings"}
_MAPPING = {"object_name", "config"}
_READ = {
    "access", "applied_at", "fields", "indexes", "revision", "sf_max_daily_api_calls",
    "sf_notify_enabled", "sf_polling_seconds", "upsert_field",
}  # fmt: skip


def summary(source: Source) -> Iterator[Fault]:
    """Yield the warnings that concern several mappings or the connection."""
    if found := _having(source, lambda given: given.get("sf_notify_enabled") is True):
        polls = sorted({given.get("sf_polling_seconds", 600) for _, _, given in found})
        every = " or ".join(str(one) for one in polls)
        message = (
            f"accelerated polling is not available yet: {_names(found)} polled every {every} s"
        )
        hint = "set a smaller poll_seconds where that is too slow"
        yield source.fault((*found[0][0], "sf_notify_enabled"), message, hint)
    if found := _having(source, _limits_calls):
        message = f"sf_max_daily_api_calls limits nothing here, only in {EXPORT}: {_names(found)}"
        yield source.fault((*found[0][0], "sf_max_daily_api_calls"), message)
    for path, name, given in _configs(source):
        for key in sorted(given.keys() - _READ):
            yield source.fault((*path, key), f"{key} of {name} is not known: kept for {EXPORT}")
    yield from _features(source)
    yield from _dropped(source)


def _dropped(source: Source) -> Iterator[Fault]:
    """What stands where no export has had anything so far: no config has a place for it."""
    groups: list[tuple[Path, dict[str, Any], set[str]]] = [((), source.data, _TOP)]
    for at, mapping in enumerate(source.data["mappings"]):
        groups.append((("mappings", at), mapping, _MAPPING))
        fields = mapping["config"]["fields"]
        inner: Path = ("mappings", at, "config", "fields")
        groups += [((*inner, one), options or {}, set()) for one, options in fields.items()]
    for path, group, known in groups:
        what = label(path, source.data, source.noun)
        for name in group if isinstance(group, dict) else ():
            if name not in known:
                yield source.fault((*path, name), f"{name} of {what} is not known: left out")


def _features(source: Source) -> Iterator[Fault]:
    features = source.data.get("connection", {}).get("features", {})
    for name, value in features.items():
        if value and name != "poll_db_no_merge":
            path = ("connection", "features", name)
            yield source.fault(path, f"the feature {name} has no counterpart: kept for {EXPORT}")


def _limits_calls(given: dict[str, Any]) -> bool:
    limit = given.get("sf_max_daily_api_calls", USUAL_CALLS_A_DAY)
    return bool(limit != USUAL_CALLS_A_DAY)


_Found = list[tuple[Path, str, dict[str, Any]]]


def _configs(source: Source) -> _Found:
    mappings = enumerate(source.data["mappings"])
    return [(("mappings", at, "config"), one["object_name"], one["config"]) for at, one in mappings]


def _having(source: Source, test: Callable[[dict[str, Any]], bool]) -> _Found:
    return [one for one in _configs(source) if test(one[2])]


def _names(found: _Found) -> str:
    return ", ".join(name for _, name, _ in found)
