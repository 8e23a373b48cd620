"""What the org's answers hold: bodies, errors of every shape, quota and clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, NamedTuple

from connectsql.errors import ApiError, OrgUnreachable, SalesforceError
from connectsql.salesforce.classify import explain
from connectsql.salesforce.encode import loads
from connectsql.salesforce.transport import Reply


class Usage(NamedTuple):
    """API calls of the rolling 24 hours: ``used`` of ``limit``."""

    used: int
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A call that went well.

    ``body`` is the JSON value (fractions as Decimal), the text of a CSV answer, or None
    where there was none. ``server_time`` is the org's clock when it answered, in UTC.
    """

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    usage: Usage | None = None
    server_time: datetime | None = None


class Complaint(NamedTuple):
    """One error as the org words it; ``fields`` are those it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return explain(*self)


def read_answer(reply: Reply) -> Answer:
    """Return the reply to a call that went well, read.

    Raises OrgUnreachable where the body is not what an org sends: a proxy's page, or half.
    """
    return Answer(
        status=reply.status,
        body=_body(reply),
        headers=reply.headers,
        usage=_usage(reply.headers.get("Sforce-Limit-Info", "")),
        server_time=_date(reply.headers.get("Date", "")),
    )


def read_error(reply: Reply) -> SalesforceError:
    """Return the error that a reply of 300 and above stands for.

    An ApiError has the first complaint's code and the words of all. A 5xx without a
    complaint comes from something before the org: OrgUnreachable, outcome unknown.
    """
    complaints = list(_complaints(reply))
    if complaints:
        words = "; ".join(map(str, complaints))
        return ApiError(words, status=reply.status, code=complaints[0].code)
    if reply.status >= 500:
        return OrgUnreachable(f"the org answered {reply.status} without a reason")
    if reply.status in (301, 302, 303, 307, 308):
        return ApiError("the org lives at another address", status=reply.status, hint=_MOVED)
    return ApiError(f"the org answered {reply.status} without a reason", status=reply.status)


_MOVED = "set the instance URL to the org's My Domain; a redirect is not followed with the token"


def retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds the server asks to wait, 0 where it does not say."""
    asked = headers.get("Retry-After", "").strip()
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0


def _body(reply: Reply) -> Any:
    if not reply.content.strip():
        return None
    try:
        if "text/csv" in reply.headers.get("Content-Type", ""):
            return reply.content.decode("utf-8")
        return loads(reply.content)
    except ValueError:
        raise OrgUnreachable(
            f"the answer ({reply.status}) is not Salesforce's",
            hint="a proxy or a login page may stand before the org",
        ) from None


def _complaints(reply: Reply) -> Iterator[Complaint]:
    try:
        body = loads(reply.content)
    except ValueError:
        yield from _from_xml(reply.content.decode("utf-8", "replace"))
        return
    items = body if isinstance(body, list) else [body]
    if reply.status == 300 and items and all(isinstance(item, str) for item in items):
        yield Complaint("DUPLICATE_EXTERNAL_ID", f"{len(items)} records match: {', '.join(items)}")
        return
    yield from (complaint(item) for item in items if isinstance(item, dict))


def complaint(item: Mapping[str, Any]) -> Complaint:
    """Return an error object as a complaint: REST's, a collection row's or OAuth's."""
    code = item.get("errorCode") or item.get("statusCode") or item.get("error") or ""
    words = item.get("message") or item.get("error_description") or ""
    return Complaint(str(code), str(words), tuple(map(str, item.get("fields") or ())))


_XML_ERROR = re.compile(r"<errorCode>(.*?)</errorCode>\s*<message>(.*?)</message>", re.DOTALL)


def _from_xml(text: str) -> Iterator[Complaint]:
    for code, words in _XML_ERROR.findall(text):
        yield Complaint(unescape(code), unescape(words))


def _usage(header: str) -> Usage | None:
    found = re.search(r"(?<![\w-])api-usage=(\d+)/(\d+)", header)
    return Usage(int(found[1]), int(found[2])) if found else None


def _date(header: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
