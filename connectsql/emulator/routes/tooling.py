"""The Tooling API, as far as ordinary clients call it: queries and describes.

It knows the objects of the org and none of its own (ApexClass, CustomField, ...): a query of
these is refused as one of an object that does not exist.
"""

from __future__ import annotations

from connectsql.emulator.routes import query, sobjects
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_RESOURCES = ("query", "queryAll", "sobjects")

routes: Router[Handler] = Router()

routes.route("GET", "/tooling/query")(query.query)
routes.route("GET", "/tooling/queryAll")(query.query_all)
routes.route("GET", "/tooling/query/{locator}")(query.next_page)
routes.route("GET", "/tooling/sobjects")(sobjects.all_objects)
routes.route("GET", "/tooling/sobjects/{object}")(sobjects.one_object)
routes.route("GET", "/tooling/sobjects/{object}/describe")(sobjects.described)


@routes.route("GET", "/tooling")
def resources(org: Org, call: Call) -> Answer:
    """Answer where the resources of the Tooling API are."""
    return Answer(body={name: f"{call.data_url}/tooling/{name}" for name in _RESOURCES})
