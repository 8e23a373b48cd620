"""The list of versions, and a version's list of resources."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

OLDEST, NEWEST = 31, 68
_SEASONS = ("Spring", "Summer", "Winter")

# All that an org lists, in its order; the emulator has some of it.
_RESOURCES = (  # noqa: SIM905 - a list would take a line for each
    "tooling metadata eclair folders prechatForms contact-tracing jsonxform chatter payments"
    " tabs appMenu quickActions queryAll commerce wave iot analytics search smartdatadiscovery"
    " identity composite parameterizedSearch fingerprint theme nouns domino event"
    " serviceTemplates recent connect licensing limits process dedupe async-queries query jobs"
    " localizedvalue mobile emailConnect consent tokenizer compactLayouts sobjects actions"
    " support"
).split()

open_routes: Router[Handler] = Router()
routes: Router[Handler] = Router()


@open_routes.route("GET", "/services/data")
def versions(org: Org, call: Call) -> Answer:
    """Answer the versions that can stand in a path; needs no session."""
    told = [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST, NEWEST + 1)
    ]
    return Answer(body=told)


@routes.route("GET", "/")
def resources(org: Org, call: Call) -> Answer:
    """Answer where a version's resources are."""
    told = {name: f"{call.data_url}/{name}" for name in _RESOURCES}
    identity = f"{call.instance_url}/id/{org.org_id}/{org.user_id}"
    return Answer(body=told | {"identity": identity})


def _label(number: int) -> str:
    """Return a release's name: 20 is Winter '11, 68 is Winter '27."""
    season = _SEASONS[number % 3]
    year = number // 3 + 4 + (season == "Winter")
    return f"{season} '{year}"
