"""Limits, and how many records there are."""

from __future__ import annotations

from connectsql.emulator.org.org import Org
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()

_OTHERS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 10_000,
    "FileStorageMB": 10_000,
}


@routes.route("GET", "/limits")
def limits(org: Org, call: Call) -> Answer:
    """Answer the limits and what is left of each."""
    calls = org.quota.calls
    told = {"DailyApiRequests": {"Max": calls.limit, "Remaining": calls.remaining}}
    return Answer(body=told | {name: {"Max": n, "Remaining": n} for name, n in _OTHERS.items()})


@routes.route("GET", "/limits/recordCount")
def record_count(org: Org, call: Call) -> Answer:
    """Answer the number of records of each object; objects without any are left out."""
    wanted = [name for name in call.params.get("sObjects", "").split(",") if name]
    named = filter(None, map(org.object, wanted)) if wanted else org.schema.objects
    counts = [{"count": org.store.count(one), "name": one.name} for one in named]
    return Answer(body={"sObjects": [one for one in counts if one["count"]]})
