"""Describes: of the org, of an object."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

from connectsql.emulator.org import clock
from connectsql.emulator.org.describes import describe
from connectsql.emulator.routes.handler import Handler, named_object
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_LARGEST_BATCH = 200

routes: Router[Handler] = Router()


@routes.route("GET", "/sobjects")
def all_objects(org: Org, call: Call) -> Answer:
    """Answer the list of objects."""
    entries = b",".join(org.describes.every(org.schema, call.version))
    head = f'{{"encoding":"UTF-8","maxBatchSize":{_LARGEST_BATCH},"sobjects":['
    body = head.encode() + entries + b"]}"
    return _unless_known(call, body, org.describes.modified())


@routes.route("GET", "/sobjects/{object}")
def one_object(org: Org, call: Call) -> Answer:
    """Answer an object in brief. Nothing was viewed recently by a user without a screen."""
    sobject = named_object(org, call)
    entry = org.describes.brief(sobject, call.version)
    return Answer(body=b'{"objectDescribe":' + entry + b',"recentItems":[]}')


@routes.route("GET", "/sobjects/{object}/describe")
def described(org: Org, call: Call) -> Answer:
    """Answer an object's whole describe."""
    sobject = named_object(org, call)
    body = org.describes.whole(sobject, call.version)
    return _unless_known(call, body, org.describes.modified(sobject.name))


def _unless_known(call: Call, body: bytes, modified: datetime) -> Answer:
    """Answer a body, or 304 to a caller who has it already."""
    tag = describe.etag(body)
    headers = {"ETag": tag, "Last-Modified": clock.http_date(modified)}
    known = call.headers.get("if-none-match")
    if known is not None:
        same = tag in (one.strip().removeprefix("W/") for one in known.split(","))
    else:
        same = _is_unmodified(modified, call.headers.get("if-modified-since"))
    return Answer(status=304, headers=headers) if same else Answer(body=body, headers=headers)


def _is_unmodified(modified: datetime, since: str | None) -> bool:
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since).timestamp() >= int(modified.timestamp())
    except ValueError:
        return False
