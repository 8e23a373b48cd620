"""Databases where changes are captured, one for each level of the log."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from support.capture import LEVELS, Captured, installed, wanted
from support.postgres import TestServer


@pytest.fixture(scope="session", params=LEVELS)
def captured_database(
    request: pytest.FixtureRequest,
    postgres_server: TestServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """A level of the log, and the address of a database that has it; nothing is committed there."""
    with postgres_server.fresh_database() as database:
        installed(database, wanted(tmp_path_factory.mktemp("config"), request.param))
        yield request.param, database


@pytest.fixture
def captured(captured_database: tuple[str, str]) -> Iterator[Captured]:
    """A transaction over empty tables whose ids begin with 1. It is rolled back."""
    level, database = captured_database
    with psycopg.connect(database) as session:
        session.execute("SET search_path TO salesforce, public")
        session.execute("ALTER SEQUENCE account_id_seq RESTART")
        session.execute("ALTER SEQUENCE contact_id_seq RESTART")
        session.execute("ALTER SEQUENCE _trigger_log_id_seq RESTART")
        yield Captured(level, "salesforce", session)
        session.rollback()
