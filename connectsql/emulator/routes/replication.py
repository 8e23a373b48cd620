"""What changed and what was deleted in a span of time.

Both answer up to the minute: the seconds of ``start`` and ``end`` count for nothing. What is
told with ``latestDateCovered`` is complete up to there, so it is the next call's ``start``.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from connectsql.emulator.org import clock
from connectsql.emulator.org.deleting.ledger import RETENTION
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.routes.handler import Handler, named_object
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

MOST_IDS = 600_000
_FARTHEST_BACK = timedelta(days=30)
_SHORTEST = timedelta(minutes=1)
_STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")

routes: Router[Handler] = Router()


@routes.route("GET", "/sobjects/{object}/updated")
def updated(org: Org, call: Call) -> Answer:
    """Answer the ids of the records created or changed from ``start`` up to ``end``."""
    sobject, stamp = _replicated(org, call)
    start, end = _span(org, call)
    span = (clock.stamp(start), clock.stamp(end))
    found = org.store.stamped(sobject, stamp, *span, most=MOST_IDS + 1)
    _refuse_many(found)
    body = {"ids": found, "latestDateCovered": _covered(org, end)}
    return Answer(body=body, records=len(found))


@routes.route("GET", "/sobjects/{object}/deleted")
def deleted(org: Org, call: Call) -> Answer:
    """Answer the records deleted from ``start`` up to ``end``, as far as the log goes back."""
    sobject, _ = _replicated(org, call)
    start, end = _span(org, call)
    ledger = org.bin.ledger
    with org.transaction():
        org.bin.expire()
        ledger.trim(org.now(), users=_users(org))
    span = (clock.stamp(start), clock.stamp(end))
    found = ledger.logged(sobject.name, *span, most=MOST_IDS + 1)
    _refuse_many(found)
    oldest = clock.stamp(_minute(org.now() - RETENTION))
    body = {
        "deletedRecords": [{"id": one, "deletedDate": at} for one, at in found],
        "earliestDateAvailable": max(oldest, ledger.since(sobject.name) or oldest),
        "latestDateCovered": _covered(org, end),
    }
    return Answer(body=body, records=len(found))


def _replicated(org: Org, call: Call) -> tuple[SObject, Field]:
    """Return the object that the path names and the stamp by which its changes are found."""
    sobject = named_object(org, call)
    stamp = next(filter(None, map(sobject.field, _STAMPS)), None)
    if stamp is None or not sobject.replicateable:
        raise Refusal("INVALID_TYPE", f"sObject type {sobject.name} is not replicable")
    return sobject, stamp


def _span(org: Org, call: Call) -> tuple[datetime, datetime]:
    start, end = _moment(call, "start"), _moment(call, "end")
    if end - start < _SHORTEST:
        # The org's own words, though they say it the wrong way round.
        message = "startDate must be at least one minute greater than endDate"
        raise Refusal("INVALID_REPLICATION_DATE", message)
    if org.now() - start > _FARTHEST_BACK + _SHORTEST:
        message = "startDate cannot be more than 30 days ago"
        raise Refusal("INVALID_REPLICATION_DATE", message)
    return start, end


def _moment(call: Call, name: str) -> datetime:
    text = call.params.get(name, "").strip()
    if not text:
        raise Refusal("MISSING_ARGUMENT", f"The {name} parameter is required")
    known = clock.read_datetime(text)
    if known is None:
        raise Refusal("INVALID_FIELD", f"{name} is no valid datetime: {text}")
    return _minute(datetime.fromisoformat(known))


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _covered(org: Org, end: datetime) -> str:
    """Return up to when an answer is complete: late commits may add to what comes after."""
    return clock.stamp(min(end, _minute(min([org.now(), *org.data.open_moments]))))


def _refuse_many(found: list[str] | list[tuple[str, str]]) -> None:
    if len(found) > MOST_IDS:
        message = f"more than {MOST_IDS} ids found; choose start and end closer together"
        raise Refusal("EXCEEDED_ID_LIMIT", message)


def _users(org: Org) -> int:
    user = org.object("User")
    return org.store.count(user) if user else 1
