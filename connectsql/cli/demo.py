"""``demo``: a Postgres, an org and an agent of its own, and a tour of what they do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import psycopg
from rich.console import Console

from connectsql import embedded
from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent
from connectsql.cli.declare import fetch
from connectsql.cli.loading import progress
from connectsql.cli.options import load_all, open_session
from connectsql.cli.sync import stopping
from connectsql.cli.tour import Scene, Tour
from connectsql.config.load import load
from connectsql.describe import snapshot
from connectsql.emulator import Options, RunningOrg, start_in_thread
from connectsql.errors import ConnectsqlError
from connectsql.salesforce.rest import Rest

ACCOUNTS, CONTACTS = 5_000, 10_000

CONFIG = """\
connection:
  login:
    instance_url: {url}
    client_id: {{file: client_id}}
    client_secret: {{file: client_secret}}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Industry, AnnualRevenue, OwnerId, CreatedDate, ExternalId__c]
    poll_seconds: 1
  - object: Contact
    access: read_write
    upsert_field: ExternalId__c
    fields: [FirstName, LastName, Name, Email, AccountId, Account__ExternalId__c, ExternalId__c]
    poll_seconds: 1
"""


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running afterwards, until Ctrl-C.")
def demo(keep: bool) -> None:
    """Sync a made-up org with a Postgres of its own, and show what happens.

    Nothing to install or to sign up for; nothing is left behind.
    """
    logging.basicConfig(level=logging.CRITICAL)
    console = Console(highlight=False)
    with stopping() as stop, ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="connectsql-demo-")))
        scene = stack.enter_context(_scene(console, folder))
        tour = Tour(scene)
        tour.declare()
        tour.apply()
        with _agent(scene, stop, tour):
            for step in (tour.application_writes, tour.salesforce_changes, tour.refused):
                if not stop.is_set():
                    step()
            tour.goodbye()
            if keep and not stop.is_set():
                tour.say_where_things_are()
                stop.event.wait()


@contextmanager
def _scene(console: Console, folder: Path) -> Iterator[Scene]:
    """Start Postgres and the org, and write the config and the describes."""
    with console.status("Starting a Postgres and an org ..."), ExitStack() as stack:
        server = stack.enter_context(embedded.start())
        seeds = {"Account": ACCOUNTS, "Contact": CONTACTS}
        org = stack.enter_context(start_in_thread(Options(seed_records=seeds)))
        path = _write_config(folder, org)
        config = load(path)
        session = stack.enter_context(open_session(config))
        snapshot.write(folder / "describe", fetch(Rest(session), config))
        _, desired = load_all(str(path), None, warn=False)
        database = server.dsn()
        sql = stack.enter_context(psycopg.connect(database, autocommit=True))
        scene = Scene(
            console=console,
            folder=folder,
            database=database,
            sql=sql,
            org=org,
            session=session,
            config=config,
            desired=desired,
            version=server.version,
        )
        stack_of_scene = stack.pop_all()
    with stack_of_scene:
        yield scene


def _write_config(folder: Path, org: RunningOrg) -> Path:
    for name, value in (("client_id", org.client_id), ("client_secret", org.client_secret)):
        secret = folder / name
        secret.touch(mode=0o600)
        secret.write_text(value, encoding="utf-8")
    path = folder / "connectsql.yaml"
    path.write_text(CONFIG.format(url=org.url), encoding="utf-8")
    return path


@contextmanager
def _agent(scene: Scene, stop: Stop, tour: Tour) -> Iterator[None]:
    """Run the agent, show the initial load, and stop the agent in the end."""
    failures: list[ConnectsqlError] = []
    own_stop = Stop()

    def run() -> None:
        try:
            agent.run()
        except ConnectsqlError as error:
            failures.append(error)

    with ExitStack() as stack:
        stack.callback(own_stop.close)
        with progress(scene.console if scene.console.is_terminal else None) as show:
            agent = Agent(
                scene.config, scene.desired, scene.database, scene.session, own_stop,
                on_loading=show,
            )  # fmt: skip
            thread = threading.Thread(target=run, name="agent")
            thread.start()
            stack.callback(thread.join)
            stack.callback(own_stop.set)
            tour.load(lambda: stop.is_set() or not thread.is_alive())
        if failures:
            raise failures[0]
        tour.loaded()
        yield
    if failures:
        raise failures[0]
