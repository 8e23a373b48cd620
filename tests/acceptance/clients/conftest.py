"""An org of its own for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simple_salesforce import Salesforce

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.https import rerouted_session


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    """An org with the standard objects."""
    with start_in_thread(Options()) as running:
        yield running


@pytest.fixture(scope="module")
def salesforce(org: RunningOrg) -> Iterator[Salesforce]:
    """simple-salesforce with a session of the org."""
    with rerouted_session(org.url) as session:
        yield Salesforce(session_id=org.access_token, instance_url=org.url, session=session)
