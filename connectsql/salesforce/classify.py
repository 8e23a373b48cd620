"""What an error means for the sync: a pure table over Salesforce's error codes.

The wording decides only where Salesforce uses one code for different things.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectsql.salesforce.ids import is_id, long_id


class Verdict(StrEnum):
    """What to do after an error."""

    REAUTH = "reauth"  # log in anew, then once more
    RETRY = "retry"  # the same again after a pause
    WAIT_QUOTA = "wait_quota"  # the org's calls of the last 24 hours are used up
    RETRY_PARENT = "retry_parent"  # the parent it names is not there yet
    RESTART = "restart"  # the place in a query's result was lost: query again
    GONE = "gone"  # the record it was meant for may be gone: look before believing it
    LINK = "link"  # another record holds the unique value: see duplicate_of
    PARK = "park"  # never without a change: keep the reason with the row
    STOP_OBJECT = "stop_object"  # every row of the object would fail: describe anew


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicate:
    """Which record already holds a unique value; ``id`` has 18 characters."""

    field: str
    id: str


_CODES: dict[Verdict, tuple[str, ...]] = {
    Verdict.REAUTH: ("INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "InvalidSessionId"),
    Verdict.RETRY: (
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
        "TXN_SECURITY_METERING_ERROR",
        "API_CURRENTLY_DISABLED",
        "UNKNOWN_EXCEPTION",
        "ConcurrentPerOrgLongTxn",
        "TooManyLockFailure",
        "Timeout",
        # Not done, and not at fault: a neighbour in the same call was.
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "PROCESSING_HALTED",
        "BATCH_PROCESSING_HALTED",
    ),
    Verdict.WAIT_QUOTA: ("REQUEST_LIMIT_EXCEEDED", "ExceededQuota"),
    Verdict.RESTART: ("INVALID_QUERY_LOCATOR",),
    Verdict.GONE: ("ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"),
    Verdict.STOP_OBJECT: (
        "INVALID_FIELD",
        "INVALID_TYPE",
        "INVALID_TYPE_FOR_OPERATION",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "API_DISABLED_FOR_ORG",
        "FUNCTIONALITY_NOT_ENABLED",
        "FeatureNotEnabled",
        "MALFORMED_QUERY",
        "INVALID_QUERY_FILTER_OPERATOR",
        "QUERY_TOO_COMPLICATED",
        "STORAGE_LIMIT_EXCEEDED",
        "GONE",  # the same, as REST says it
        "UNSUPPORTED_API_VERSION",
    ),
}
_VERDICTS = {code: verdict for verdict, codes in _CODES.items() for code in codes}

_WORDED: tuple[tuple[str, str, Verdict], ...] = (
    ("REQUEST_LIMIT_EXCEEDED", r"concurrent", Verdict.RETRY),
    ("INVALID_FIELD", r"foreign key external id.* not found", Verdict.RETRY_PARENT),
    ("INVALID_FIELD", r"cannot specify both", Verdict.PARK),
    ("NOT_FOUND", r"external id field does not exist", Verdict.STOP_OBJECT),
    ("INSUFFICIENT_ACCESS_OR_READONLY", r"on (object id|cross-reference)", Verdict.PARK),
    (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        r"UNABLE_TO_LOCK_ROW|unable to obtain exclusive access",
        Verdict.RETRY,
    ),
)

_DUPLICATE = re.compile(r"duplicate value found: (\S+) duplicates value on record with id: (\w+)")
_BUSY = frozenset({406, 408, 420, 429})


def classify(status: int, code: str, message: str, fields: Sequence[str] = ()) -> Verdict:
    """Return what to do about an error.

    ``status`` is the HTTP status (200 for a row of a collection), ``code`` and ``message``
    Salesforce's, ``fields`` the fields it names. Codes not in the table are parked, unless
    the status says that the server could not serve.
    """
    if code == "DUPLICATE_VALUE" and duplicate_of(message):
        return Verdict.LINK
    if code == "INVALID_CROSS_REFERENCE_KEY" and fields:
        return Verdict.PARK
    return _by_words(code, message) or _VERDICTS.get(code) or _by_status(status, code)


def duplicate_of(message: str) -> Duplicate | None:
    """Return the record that a DUPLICATE_VALUE message names, if it names one."""
    found = _DUPLICATE.search(message)
    if found is None or not is_id(found[2]):
        return None
    return Duplicate(field=found[1], id=long_id(found[2]))


def explain(code: str, message: str, fields: Sequence[str] = ()) -> str:
    """Return ``CODE: message [fields]``, Salesforce's own words, for people to read."""
    said = f"{code}: {message}" if code else message
    return f"{said} [{', '.join(fields)}]" if fields else said


def _by_words(code: str, message: str) -> Verdict | None:
    for its_code, words, verdict in _WORDED:
        if code == its_code and re.search(words, message, re.IGNORECASE | re.DOTALL):
            return verdict
    return None


def _by_status(status: int, code: str) -> Verdict:
    if status >= 500 or status in _BUSY:
        return Verdict.RETRY
    if not code and status == 401:
        return Verdict.REAUTH
    if not code and status in (404, 410):
        return Verdict.GONE
    return Verdict.PARK
