"""A local Salesforce org over HTTP, for tests, for trying out and for the demo.

It stands alone: nothing of connectsql is needed to use it, and any client of Salesforce's
API may::

    with start_in_thread(Options(seed_records={"Account": 100})) as org:
        requests.get(f"{org.url}/services/data/v60.0/query", params={"q": "SELECT ..."},
                     headers={"Authorization": f"Bearer {org.access_token}"})
"""

from __future__ import annotations

from connectsql.emulator.hooks import Automation
from connectsql.emulator.options import Options
from connectsql.emulator.server import RunningOrg, run, start_in_thread

__all__ = ["Automation", "Options", "RunningOrg", "run", "start_in_thread"]
