"""Limits, and how many records there are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from connectsql.emulator.org.quota import Allowance
from connectsql.emulator.routes.handler import Handler, listed
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()

_RECORD_KB = 2  # what a record takes up of the storage, whatever its size
_STORAGE_MB = 10_240
_BATCHES_SO_NAMED_SINCE = 49


@routes.route("GET", "/limits")
def limits(org: Org, call: Call) -> Answer:
    """Answer the limits and what is left of each."""
    batches = "Batches" if call.version >= _BATCHES_SO_NAMED_SINCE else "Requests"
    counted = {
        "DailyApiRequests": _left(org.quota.calls),
        f"DailyBulkApi{batches}": _left(org.bulk.batches),
        "DailyBulkV2QueryJobs": _left(org.bulk.queries),
        "DataStorageMB": _limit(_STORAGE_MB, _records(org) * _RECORD_KB // 1024),
        "PermissionSets": _limit(1500, 1) | {"CreateCustom": _limit(1000, 1)},
    }
    told = {name: _limit(most, 0) for name, most in _others().items()} | counted
    return Answer(body=dict(sorted(told.items())))


@routes.route("GET", "/limits/recordCount")
def record_count(org: Org, call: Call) -> Answer:
    """Answer the number of records of each object; objects without any are left out."""
    wanted = listed(call, "sObjects")
    named = filter(None, map(org.object, wanted)) if wanted else org.schema.objects
    counts = [{"count": org.store.count(one), "name": one.name} for one in named]
    return Answer(body={"sObjects": [one for one in counts if one["count"]]})


def _left(allowance: Allowance) -> dict[str, Any]:
    return _limit(allowance.limit, allowance.used)


def _limit(most: int, used: int) -> dict[str, Any]:
    return {"Max": most, "Remaining": max(most - used, 0)}


def _records(org: Org) -> int:
    return sum(map(org.store.count, org.schema.objects))


@cache
def _others() -> dict[str, int]:
    text = files(__package__).joinpath("limits.yaml").read_text(encoding="utf-8")
    others: dict[str, int] = yaml.safe_load(text)
    return others
