"""Fixtures for every test. The database ones start nothing until a test asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support import postgres
from support.postgres import Servers, TestServer


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        default=os.environ.get("CONNECTSQL_TEST_PG", ""),
        metavar="all|first|MAJOR",
        help="the Postgres to test on; without it, tests marked every_postgres run on every "
        "version found and the others on the preferred one (env CONNECTSQL_TEST_PG)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "postgres_server" not in metafunc.fixturenames:
        return
    marked = metafunc.definition.get_closest_marker("every_postgres") is not None
    majors = postgres.selected(metafunc.config.getoption("postgres"), every=marked)
    metafunc.parametrize(
        "postgres_server",
        majors or [None],
        indirect=True,
        scope="session",
        ids=[f"pg{major}" for major in majors] or ["no-postgres"],
    )


@pytest.fixture(scope="session")
def postgres_servers() -> Iterator[Servers]:
    """Every server of the session, each running once it was asked for."""
    with Servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest, postgres_servers: Servers) -> TestServer:
    """A running server; all its tests share it."""
    return postgres_servers.get(request.param)


@pytest.fixture
def database(postgres_server: TestServer) -> Iterator[str]:
    """The address of an empty database that belongs to one test."""
    with postgres_server.fresh_database() as dsn:
        yield dsn
