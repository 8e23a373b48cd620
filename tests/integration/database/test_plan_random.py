"""Random configs: whatever the way, a database comes to be what its config says.

``PLANS=200 make test ARGS=...`` runs more of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.catalog import catalog, differences
from support.postgres import TestServer
from support.random_configs import ROLES, Spec, specs

from connectsql.compiler import check, render
from connectsql.compiler.model import Desired
from connectsql.compiler.plan_text import as_sql, back_as_sql
from connectsql.database.apply import apply, plan
from connectsql.database.connection import Connection, connect

EXAMPLES = int(os.environ.get("PLANS", "6"))
random_plans = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="PLANS" not in os.environ,
    phases=[Phase.generate],  # a failing example is small already, and each costs databases
    suppress_health_check=list(HealthCheck),
)
pairs = st.sampled_from(["native", "heroku"]).flatmap(
    lambda types: st.tuples(specs(types=types), specs(types=types))
)


@pytest.fixture
def roles(postgres_server: TestServer) -> Iterator[None]:
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        for role in ROLES:
            name = psycopg.sql.Identifier(role)
            admin.execute(psycopg.sql.SQL("CREATE ROLE {}").format(name))
        yield
        for role in ROLES:
            name = psycopg.sql.Identifier(role)
            admin.execute(psycopg.sql.SQL("DROP ROLE {}").format(name))


@contextmanager
def fresh(server: TestServer) -> Iterator[Connection]:
    with server.fresh_database() as dsn, connect(dsn) as connection:
        yield connection


def filled(connection: Connection, desired: Desired) -> None:
    """Put a row into every table: nothing is calm any more."""
    for table in desired.tables:
        name = psycopg.sql.Identifier(table.schema, table.name)
        row = psycopg.sql.SQL("INSERT INTO {} (name, ext__c) VALUES ('A', 'k')").format(name)
        connection.execute("SET LOCAL xmlbinary TO hex")
        connection.execute(row)
    connection.commit()


def made_anew(server: TestServer, desired: Desired) -> dict[str, Any]:
    with fresh(server) as connection:
        apply(connection, desired)
        return catalog(connection, desired.schema)


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
@random_plans
@given(pair=pairs, by_file=st.booleans())
def test_a_change_of_config_ends_where_a_fresh_install_does(
    postgres_server: TestServer, tmp_path: Path, pair: tuple[Spec, Spec], by_file: bool
) -> None:
    before, after = (spec.desired(tmp_path) for spec in pair)
    with fresh(postgres_server) as connection:
        apply(connection, before)
        filled(connection, before)
        if by_file:
            script = as_sql(plan(connection, after, prune=True), after)
            check.check(script)
            connection.commit()
            connection.execute(script.encode())
        else:
            apply(connection, after, prune=True)
        again = plan(connection, after, prune=True)
        assert (again.changes, again.notes) == ((), ())
        found = catalog(connection, after.schema)
    assert differences(found, made_anew(postgres_server, after)) == []


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
@random_plans
@given(spec=specs(types="native"))
def test_the_script_and_apply_make_the_same_and_again_changes_nothing(
    postgres_server: TestServer, tmp_path: Path, spec: Spec
) -> None:
    desired = spec.desired(tmp_path)
    script = render.script(desired)
    assert render.script(spec.desired(tmp_path)) == script
    assert check.check(script)
    with fresh(postgres_server) as connection:
        connection.execute(script.encode())
        first = catalog(connection, desired.schema)
        connection.execute(script.encode())
        assert catalog(connection, desired.schema) == first
        assert plan(connection, desired).changes == ()
    assert differences(first, made_anew(postgres_server, desired)) == []


@pytest.mark.every_postgres
@pytest.mark.usefixtures("roles")
@random_plans
@given(pair=pairs)
def test_the_way_back_leads_back(
    postgres_server: TestServer, tmp_path: Path, pair: tuple[Spec, Spec]
) -> None:
    before, after = (spec.desired(tmp_path) for spec in pair)
    with fresh(postgres_server) as connection:
        apply(connection, before)
        filled(connection, before)
        done = apply(connection, after)
        connection.execute(back_as_sql(done, after).encode())
        connection.commit()
        # Wider types that were kept, and columns that stayed, were there before: nothing is left.
        assert plan(connection, before).changes == ()
        found = catalog(connection, before.schema)
        for table in before.tables:
            rows = psycopg.sql.SQL("SELECT count(*) FROM {}").format(
                psycopg.sql.Identifier(table.schema, table.name)
            )
            assert connection.execute(rows).fetchone() == (1,)
    assert differences(found, made_anew(postgres_server, before)) == []
