"""Several calls in one: a series of them, a batch, trees of records, graphs."""

from __future__ import annotations

from functools import partial

from connectsql.emulator.routes.composite.batch import send as send_batch
from connectsql.emulator.routes.composite.graph import send as send_graphs
from connectsql.emulator.routes.composite.parts import GRAPHS_SINCE
from connectsql.emulator.routes.composite.series import send as send_series
from connectsql.emulator.routes.composite.tree import create as create_trees
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router


def composite_routes(part: Handler) -> Router[Handler]:
    """Return the routes; ``part`` answers a call that is a part of another one."""
    routes: Router[Handler] = Router()
    routes.route("GET", "/composite")(resources)
    routes.route("POST", "/composite")(partial(send_series, part))
    routes.route("POST", "/composite/batch")(partial(send_batch, part))
    routes.route("POST", "/composite/graph")(partial(send_graphs, part))
    routes.route("POST", "/composite/tree/{object}")(create_trees)
    return routes


def resources(org: Org, call: Call) -> Answer:
    """Answer the addresses of the composite resources."""
    names = ["tree", "batch", "sobjects"]
    if call.version >= GRAPHS_SINCE:
        names.append("graph")
    return Answer(body={name: f"{call.data_url}/composite/{name}" for name in names})
