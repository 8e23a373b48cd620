"""What happens to a change after Salesforce's answer, or after none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from connectsql.errors import ApiError, OrgUnreachable, SalesforceError
from connectsql.salesforce.classify import Verdict, classify, explain
from connectsql.salesforce.collections import RowResult

LOCK_ATTEMPTS = 10  # a record that others keep locked for all of these is parked
PARENT_ATTEMPTS = 6  # about half a minute for a parent to arrive
LONGEST_DELAY = 60.0  # seconds
SERVER_ERROR = 500  # from this status on an answer does not say that nothing was done
QUOTA_DELAY = 600.0  # seconds; the quota is one of 24 hours

_UNKNOWN = (
    "AMBIGUOUS: the answer to this insert was lost, and without a unique identifier there is no "
    "telling whether Salesforce has the record. If it has, the record comes as a row of its own: "
    "delete this one, which changes nothing in Salesforce. If it has not, set the state of this "
    "row's entry in _trigger_log to NEW"
)


@dataclass(frozen=True, kw_only=True)
class Done:
    """Salesforce has it. ``created`` tells an insert."""

    sfid: str | None
    created: bool = False


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It will not be sent again unless something changes; the message says why."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Later:
    """It is sent again after ``delay`` seconds. ``unsure``: it may have been done already."""

    delay: float
    message: str
    unsure: bool = False


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """An insert that may have been done, and must not be done twice."""

    message: str = _UNKNOWN


Fate = Done | Refused | Later | Unknown


def of_row(result: RowResult, *, kind: str, attempts: int, sfid: str | None) -> Fate:
    """Return the fate of one row of a collection. ``kind`` is create, upsert, update or delete."""
    if result.success:
        return Done(sfid=result.id or sfid, created=result.created)
    message = explain(result.code, result.message, result.fields)
    verdict = classify(200, result.code, result.message, result.fields)
    if kind == "delete" and verdict is Verdict.GONE:
        return Done(sfid=sfid)
    return _failed(verdict, message, attempts)


def of_call(error: SalesforceError, *, kind: str, attempts: int) -> Fate:
    """Return the fate of every row of a call that failed as a whole."""
    if isinstance(error, OrgUnreachable):
        if kind == "create" and error.sent:
            return Unknown()
        return Later(delay=_backoff(attempts), message=error.message, unsure=error.sent)
    if isinstance(error, ApiError):
        unsure = error.status >= SERVER_ERROR
        if kind == "create" and unsure:
            return Unknown()
        verdict = classify(error.status, error.code, error.message)
        return _failed(verdict, error.message, attempts, unsure=unsure)
    return Later(delay=_backoff(attempts), message=error.message)


def _failed(verdict: Verdict, message: str, attempts: int, *, unsure: bool = False) -> Fate:
    if verdict is Verdict.WAIT_QUOTA:
        return Later(delay=QUOTA_DELAY, message=message, unsure=unsure)
    if verdict in (Verdict.RETRY, Verdict.REAUTH) and attempts < LOCK_ATTEMPTS:
        return Later(delay=_backoff(attempts), message=message, unsure=unsure)
    if verdict is Verdict.RETRY_PARENT and attempts < PARENT_ATTEMPTS:
        return Later(delay=_backoff(attempts), message=message, unsure=unsure)
    return Refused(message=message)


def _backoff(attempts: int) -> float:
    return float(min(2 ** (attempts - 1), LONGEST_DELAY))
