"""A whole world for a test: an emulated org, a database, a config, and agents on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import requests

from connectsql import emulator
from connectsql.agent.reader import Loading, Reader
from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent, Summary
from connectsql.compiler.model import Desired
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.config.model import Config
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.describe.model import Org, SObject
from connectsql.salesforce.login import ClientCredentials
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session

API = "62.0"

CONFIG = """
connection: {lease_seconds: 2}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    fields: [Name, Phone, AnnualRevenue, OwnerId, CreatedDate, ExternalId__c]
  - object: Contact
    access: read_write
    upsert_field: ExternalId__c
    fields: [FirstName, LastName, Name, Email, AccountId, Account__ExternalId__c, CreatedDate,
             DoNotCall, ExternalId__c]
"""


@dataclass
class World:
    """One org and one database that are to be kept in step."""

    org: emulator.RunningOrg
    database: str
    config: Config
    desired: Desired
    sql: psycopg.Connection[Any]
    session: Session
    http: requests.Session = field(repr=False)

    def once(self) -> Summary:
        """Run `agent --once`, in this process."""
        stop = Stop()
        try:
            return Agent(self.config, self.desired, self.database, self.session, stop).once()
        finally:
            stop.close()

    @contextmanager
    def reader(self, seen: list[Loading] | None = None) -> Iterator[Reader]:
        """Give a reader alone, as an agent whose writer has not got round to writing."""
        connection = connect_agent(self.database)
        try:
            yield Reader(
                connection,
                self.desired,
                self.session,
                lookback=timedelta(seconds=self.config.lookback_seconds),
                on_loading=(seen if seen is not None else []).append,
            )
        finally:
            connection.close()

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what a query of the database gives."""
        return self.sql.execute(query.encode(), parameters).fetchall()

    def records(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Return the records that a SOQL query gives, without their attributes."""
        pages = Rest(self.session).query_pages(soql, deleted=deleted)
        return [
            {name: value for name, value in record.items() if name != "attributes"}
            for page in pages
            for record in page.records
        ]

    def call(self, method: str, path: str, json: Any = None) -> Any:
        """Make a call of the org's REST API, as somebody else would."""
        return self.session.call(method, path, json=json, idempotent=False).body

    def control(self, method: str, path: str, json: Any = None) -> Any:
        """Steer the emulator."""
        url = f"{self.org.url}/__emulator__/{path}"
        answer = self.http.request(method, url, json=json, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def log(self, table: str | None = None) -> list[tuple[str, str, str | None]]:
        """Return action, state and message of the log's entries."""
        return self.rows(
            "SELECT action, state, sf_message FROM salesforce._trigger_log "
            "WHERE table_name = coalesce(%s, table_name) ORDER BY id",
            table,
        )


@contextmanager
def world(
    database: str, folder: Path, text: str = CONFIG, options: emulator.Options | None = None
) -> Iterator[World]:
    """Start an org, fetch its describes, and apply the config to the database."""
    org = emulator.start_in_thread(options or emulator.Options())
    path = folder / "connectsql.yaml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    login = ClientCredentials(org.client_id, org.client_secret)
    try:
        with (
            Session(org.url, login, config.api_version) as session,
            requests.Session() as http,
            psycopg.connect(database, autocommit=True) as sql,
        ):
            desired = resolve(config, describes(session, config)).desired
            with connect(database) as connection:
                apply(connection, desired)
            yield World(
                org=org, database=database, config=config, desired=desired, sql=sql,
                session=session, http=http,
            )  # fmt: skip
    finally:
        org.stop()


def describes(session: Session, config: Config) -> Org:
    """Return the describes of the mapped objects."""
    rest = Rest(session)
    names = [mapping.object for mapping in config.mappings]
    return Org(tuple(SObject.from_describe(rest.describe(name)) for name in names))
