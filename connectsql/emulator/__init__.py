"""A local Salesforce org over HTTP, for tests, for trying out and for the demo.

It stands alone: nothing of connectsql is needed to use it, and any client of Salesforce's
API may::

    with start_in_thread(Options(seed_records={"Account": 100})) as org:
        requests.get(f"{org.url}/services/data/v60.0/query", params={"q": "SELECT ..."},
                     headers={"Authorization": f"Bearer {org.access_token}"})

Each of these imports only what is named below it::

    server          serves an org over HTTP and gRPC, in one event loop
    app             a request: its fault, its answer, its place in the log (calls)
    dispatch        a call: its session, its version, its handler
    routes/         what each resource answers
    whole           the org with its bulk jobs and its change events
    bulk/  events/  jobs in the background; events, and the Pub/Sub API
    soql/           queries: text, tree, checked, SQL, JSON
    org/            records and what becomes of them when they are saved or deleted
    faults/         what is planned to go wrong (options: how to start an org)
    wire/           calls, answers, refusals (hooks: what a hooks file declares)
"""

from __future__ import annotations

from connectsql.emulator.hooks import Automation
from connectsql.emulator.options import Options
from connectsql.emulator.server import RunningOrg, run, start_in_thread

__all__ = ["Automation", "Options", "RunningOrg", "run", "start_in_thread"]
