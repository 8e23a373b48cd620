"""What it takes to give a column another type: nothing, the catalog, the table, or its values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectsql.compiler.plan import Hazard

_REWRITE = frozenset({Hazard.TABLE_REWRITE, Hazard.LOCKS_WRITES})
_LONG_FORMS = {
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "time": "time without time zone",
}
_VARCHAR = re.compile(r"character varying(?:\((\d+)\))?")
_MOMENTS = {"timestamp with time zone", "timestamp without time zone"}
_INEXACT = "double precision"
_NUMBERS = {"integer", "bigint", "numeric", _INEXACT}
_TEXTS = {"text", "character varying"}
# Values of the one are values of the other: what stands may stay. (text holds any varchar.)
_HOLDS = {("bigint", "integer"), ("numeric", "integer"), ("numeric", "bigint")}
_LOSES = {*_HOLDS, (_INEXACT, "integer"), (_INEXACT, "bigint"), ("numeric", _INEXACT)}


@dataclass(frozen=True, kw_only=True)
class Retype:
    """How a column comes from one type to another.

    ``using`` converts the values, with ``{}`` for the column. ``wider``: what stands holds every
    value that is wanted, so that it can stay. ``anew``: no value can be kept.
    """

    using: str = ""
    hazards: frozenset[Hazard] = frozenset()
    wider: bool = False
    anew: bool = False


def canonical(type_: str) -> str:
    """Return a type of the type table as ``format_type`` spells it."""
    if type_.startswith("varchar"):
        return "character varying" + type_.removeprefix("varchar")
    return _LONG_FORMS.get(type_, type_)


def retype(have: str, want: str) -> Retype | None:
    """Return what leads from one type to another, both as ``format_type`` spells them.

    None where they are the same.
    """
    if have == want:
        return None
    if _is_text(have) and _is_text(want):
        return _text_to_text(have, want)
    if {have, want} == _MOMENTS:
        return Retype(using="{} AT TIME ZONE 'UTC'", hazards=_REWRITE)
    if _base(have) in _NUMBERS and _base(want) in _NUMBERS:
        loses = (_base(have), want) in _LOSES
        return Retype(
            hazards=_REWRITE | ({Hazard.DATA_LOSS} if loses else set()),
            wider=(have, want) in _HOLDS,
        )
    if _is_text(want):
        return Retype(using="{}::text", hazards=_REWRITE)
    return Retype(hazards=frozenset({Hazard.DATA_LOSS, Hazard.BACKFILL}), anew=True)


def _text_to_text(have: str, want: str) -> Retype:
    if _room(want) >= _room(have):
        return Retype()
    return Retype(hazards=_REWRITE | {Hazard.DATA_LOSS}, wider=True)


def _is_text(type_: str) -> bool:
    return _base(type_) in _TEXTS


def _base(type_: str) -> str:
    return type_.partition("(")[0]


def _room(type_: str) -> float:
    found = _VARCHAR.fullmatch(type_)
    return float(found[1]) if found and found[1] else float("inf")
