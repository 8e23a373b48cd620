"""SOQL over HTTP: queries and the locators of their further pages."""

from __future__ import annotations

import re

from connectsql.emulator.org.org import Org
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.soql.run import Page, Source, page, run
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_SMALLEST_PAGE, _LARGEST_PAGE = 200, 2000

routes: Router[Handler] = Router()


@routes.route("GET", "/query")
def query(org: Org, call: Call) -> Answer:
    """Answer a query's first page."""
    return _run(org, call, deleted=False)


@routes.route("GET", "/queryAll")
def query_all(org: Org, call: Call) -> Answer:
    """Answer the first page of a query that sees the recycle bin, too."""
    return _run(org, call, deleted=True)


@routes.route("GET", "/query/{locator}")
@routes.route("GET", "/queryAll/{locator}")
def next_page(org: Org, call: Call) -> Answer:
    """Answer a further page."""
    cursor, start = org.cursors.find(call.arguments["locator"])
    return _answer(page(Source.of(org), cursor, start, call.data_url), call)


def _run(org: Org, call: Call, *, deleted: bool) -> Answer:
    text = call.params.get("q", "")
    if not text.strip():
        raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
    size = _page_size(call)
    try:
        found = run(Source.of(org), text, root=call.data_url, page_size=size, deleted=deleted)
    except RecursionError:
        raise Refusal("QUERY_TOO_COMPLICATED", "The conditions are nested too deeply") from None
    return _answer(found, call)


def _answer(found: Page, call: Call) -> Answer:
    body = found.body(call.data_url).encode()
    return Answer(body=body, object=found.object, records=len(found.records))


def _page_size(call: Call) -> int:
    wanted = _BATCH.search(call.headers.get("sforce-query-options", ""))
    size = int(wanted[1]) if wanted else _LARGEST_PAGE
    return min(max(size, _SMALLEST_PAGE), _LARGEST_PAGE)
