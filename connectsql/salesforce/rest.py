"""What the org holds and says of itself: versions, describes, limits and queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectsql.errors import OrgUnreachable
from connectsql.salesforce.answer import Answer
from connectsql.salesforce.session import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Part of a query's result.

    ``total_size`` counts the whole result. ``server_time`` is the org's clock (UTC) when it
    answered this page: later than the moment that the rows are a picture of.
    """

    records: list[dict[str, Any]] = field(repr=False)
    total_size: int
    server_time: datetime | None


class Rest:
    """Reading calls over a session; all are repeated after passing failures.

    Each raises as Session.call does, and OrgUnreachable for an answer of the wrong shape.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def versions(self) -> list[str]:
        """Return the API versions that the org serves, like ``68.0``, oldest first."""
        versions = [str(item["version"]) for item in _list(self._get("/services/data"))]
        return sorted(versions, key=float)

    def describe(self, name: str) -> dict[str, Any]:
        """Return an object's describe as the org gives it; ApiError (404) when unknown."""
        return _dict(self._get(f"sobjects/{name}/describe"))

    def describe_global(self) -> list[dict[str, Any]]:
        """Return what the org says of each of its objects, in short."""
        return _list(_dict(self._get("sobjects")).get("sobjects"))

    def limits(self) -> dict[str, Any]:
        """Return the org's limits: name to ``{"Max": int, "Remaining": int}``."""
        return _dict(self._get("limits"))

    def query_pages(
        self, soql: str, *, deleted: bool = False, batch_size: int = 2000
    ) -> Iterator[Page]:
        """Run a query and yield its result page by page.

        ``deleted`` includes records in the recycle bin. A page has ``batch_size`` records
        (200 to 2,000) or fewer. The query as part of the URL may have about 16,000
        characters. Raises ApiError with code INVALID_QUERY_LOCATOR when the place in the
        result was lost; then only the whole query can be made again.
        """
        headers = {"Sforce-Query-Options": f"batchSize={batch_size}"}
        resource = "queryAll" if deleted else "query"
        params: dict[str, str] | None = {"q": soql}
        path: str | None = resource
        while path is not None:
            answer = self._session.call(
                "GET", path, params=params, headers=headers, idempotent=True
            )
            body = _dict(answer.body)
            yield _page(answer, body)
            path, params = _next(body), None

    def _get(self, path: str) -> Any:
        return self._session.call("GET", path, idempotent=True).body


def _page(answer: Answer, body: dict[str, Any]) -> Page:
    return Page(
        records=_list(body.get("records")),
        total_size=int(body.get("totalSize", 0)),
        server_time=answer.server_time,
    )


def _next(body: dict[str, Any]) -> str | None:
    if body.get("done"):
        return None
    path = body.get("nextRecordsUrl")
    if not isinstance(path, str) or not path.startswith("/services/"):
        raise OrgUnreachable("a query's result goes on, but the org does not say where")
    return path


def _dict(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise OrgUnreachable("the org's answer is not an object")
    return body


def _list(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, list):
        raise OrgUnreachable("the org's answer is not a list")
    return body
