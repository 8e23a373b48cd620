"""SOQL over HTTP: queries and the locators of their further pages."""

from __future__ import annotations

import re

from connectsql.emulator.routes.handler import Handler, flag
from connectsql.emulator.soql.columns import described
from connectsql.emulator.soql.errors import nested_too_deeply
from connectsql.emulator.soql.explain import explained
from connectsql.emulator.soql.run import Page, Source, bind, page, run
from connectsql.emulator.whole import Org
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
    source = Source.of(org)
    text = call.params.get("q") or call.params.get("explain") or ""
    if not text.strip():
        raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
    try:
        if "q" not in call.params:
            return Answer(body=explained(source, text))
        if flag(call.params.get("columns")):
            return Answer(body=described(bind(source, text)))
        size = _page_size(call)
        found = run(source, text, root=call.data_url, page_size=size, deleted=deleted)
    except RecursionError:
        raise nested_too_deeply() from None
    return _answer(found, call)


def _answer(found: Page, call: Call) -> Answer:
    body = found.body(call.data_url).encode()
    return Answer(body=body, object=found.object, records=len(found.records))


def _page_size(call: Call) -> int:
    wanted = _BATCH.search(call.headers.get("sforce-query-options", ""))
    size = int(wanted[1]) if wanted else _LARGEST_PAGE
    return min(max(size, _SMALLEST_PAGE), _LARGEST_PAGE)
