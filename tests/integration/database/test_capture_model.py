"""Random transactions of several sessions: after each commit the log says what a model says.

``CAPTURES=2000 make test ARGS=...`` plays more of them, and other ones each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from psycopg import sql
from support.capture_model import Entry
from support.capture_run import Play
from support.capture_scripts import CONFIG, NOTE, ORG, Script, scripts
from support.capture_sides import Side
from support.describes import desire

from connectsql.agent.fold import Change, waves
from connectsql.agent.plan import as_it_was
from connectsql.compiler.model import Desired
from connectsql.config.model import WriteMode
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.database.rows import Rows
from connectsql.database.trigger_log import Outcome, TriggerLog

EXAMPLES = int(os.environ.get("CAPTURES", "15"))
random_scripts = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CAPTURES" not in os.environ,
    # Making a failing script smaller takes minutes.
    phases=[Phase.generate, *([Phase.shrink] if "CAPTURES" in os.environ else [])],
    suppress_health_check=list(HealthCheck),
)
MODES = {
    "changes merged": {},
    "changes ordered": {"writes": WriteMode.ORDERED},
    "changes merged heroku": {"types": "heroku"},
    "full": {"log": "full", "odd_access": "read_only"},
    "full heroku": {"log": "full", "access": "read_only", "types": "heroku"},
}
DEFAULTS = {
    "log": "changes", "writes": WriteMode.MERGED, "types": "native",
    "access": "read_write", "odd_access": "read_write",
}  # fmt: skip
modes = pytest.mark.parametrize("stage", MODES.values(), ids=MODES, indirect=True)


class Stage:
    """A database with two mapped tables, and sessions to play in."""

    def __init__(self, database: str, desired: Desired, stack: ExitStack) -> None:
        self.desired = desired
        self.sides = [Side(table) for table in desired.tables]
        self.watcher, *self.sessions = (
            stack.enter_context(psycopg.connect(database, autocommit=True)) for _ in range(5)
        )
        self.watcher.execute("SET timezone TO 'UTC'")
        for session in self.sessions:
            # Sessions never wait for each other: one thread plays them all.
            session.execute("SET lock_timeout TO '5s'")
        self.agent = stack.enter_context(connect_agent(database))

    def clear(self) -> None:
        """Leave nothing of an earlier script."""
        for session in self.sessions:
            session.rollback()
        tables = [sql.Identifier("salesforce", "_trigger_log")]
        tables += [side.target.table for side in self.sides]
        form = sql.SQL("TRUNCATE connectsql.claim, {}")
        self.agent.execute(form.format(sql.SQL(", ").join(tables)))


@pytest.fixture
def stage(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    given = {**DEFAULTS, **request.param}
    _, desired = desire(tmp_path, CONFIG.format(**given), ORG)
    desired = sent(desired, given["writes"])
    with ExitStack() as stack:
        with connect(database) as connection:
            apply(connection, desired)
        made = Stage(database, desired, stack)
        for side in made.sides:
            note = sql.SQL("ALTER TABLE {} ADD COLUMN {} text")
            made.agent.execute(note.format(side.target.table, sql.Identifier(NOTE)))
        yield made


def sent(desired: Desired, writes: WriteMode) -> Desired:
    """A config may ask for ``ordered`` with ``log: full`` only; capture can do it with both."""
    tables = [
        replace(table, mapping=replace(table.mapping, writes=writes)) for table in desired.tables
    ]
    return replace(desired, tables=tuple(tables))


@pytest.mark.every_postgres
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # before it is made smaller
@modes
@random_scripts
@given(script=scripts())
def test_the_log_says_what_the_model_says(stage: Stage, script: Script) -> None:
    stage.clear()
    play = Play(stage.sessions, stage.watcher, stage.sides)
    play.play(script)
    pairs = play.compare()
    if stage.desired.tables[0].ordered:
        check_what_is_sent(stage, pairs, script.limit)


def check_what_is_sent(stage: Stage, pairs: Sequence[tuple[Entry, Entry]], limit: int) -> None:
    """Claim the log as an agent does: each change finds the row as it was when it was committed."""
    wanted = {found.id: one for one, found in pairs}
    log = TriggerLog(stage.agent, stage.desired, 1)
    waiting = {id_ for id_, one in wanted.items() if one.state == "NEW"}
    while claimed := log.claim(limit):
        for wave in waves(claimed, lambda _: True):
            for change in wave:
                (id_,) = change.ids
                waiting.remove(id_)
                after = wanted[id_].after or {}
                found = row_to_send(stage, log, change) if after else {}
                assert {name: found[name] for name in after} == after
            log.finish([Outcome(id=one.ids[0], state="SUCCESS") for one in wave])
    assert not waiting


def row_to_send(stage: Stage, log: TriggerLog, change: Change) -> dict[str, str | None]:
    table = stage.desired.by_name[change.entries[0].table]
    record = change.record_id
    row = Rows(stage.agent, table).to_send([record])[record]
    later = log.later_values(table.name, [record]).get(record, [])
    side = next(one for one in stage.sides if one.name == table.name)
    return side.normal_row(as_it_was(row, change, later).values)
