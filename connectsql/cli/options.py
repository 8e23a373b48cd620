"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from connectsql.cli.output import say_faults
from connectsql.compiler import resolve
from connectsql.compiler.model import Desired, Table
from connectsql.config.load import examine
from connectsql.config.model import Config, Reference
from connectsql.config.secrets import resolve as look_up
from connectsql.describe import snapshot
from connectsql.describe.model import Org
from connectsql.errors import ConfigError, DescribeError, Fault, UsageError
from connectsql.salesforce.login import AccessToken, ClientCredentials, Login
from connectsql.salesforce.session import Session

config_option = click.option(
    "--config",
    "config_file",
    default="connectsql.yaml",
    envvar="CONNECTSQL_CONFIG",
    show_default=True,
    show_envvar=True,
    metavar="FILE",
    help="The config.",
)
describe_option = click.option(
    "--describe",
    "describe_dir",
    default=None,
    metavar="DIR",
    help="The describe snapshot.  [default: describe/ beside the config]",
)
database_option = click.option(
    "--database",
    default=None,
    envvar="DATABASE_URL",
    show_envvar=True,
    metavar="URL",
    help="The Postgres database.",
)


def snapshot_of(config: Config, describe_dir: str | None) -> Path:
    """Return the folder with the describe snapshot of a config."""
    return Path(describe_dir) if describe_dir else Path(config.file).parent / "describe"


def load_all(
    config_file: str,
    describe_dir: str | None,
    *,
    warn: bool = True,
    also: Callable[[Table], Iterable[Fault]] = lambda _: (),
) -> tuple[Config, Desired]:
    """Load config and snapshot and resolve one against the other, showing the warnings.

    Raises ConfigError with the faults of both, and those that ``also`` finds in a table.
    """
    reading = examine(config_file)
    config, faults = reading.config, list(reading.faults)
    org = _org(snapshot_of(config, describe_dir), faults)
    found = resolve.examine(config, org, doubtful=reading.doubtful, also=also)
    faults += found.faults
    if faults:
        raise ConfigError(sorted(dict.fromkeys(faults), key=lambda one: one.place.line))
    if warn:
        say_faults("warning", found.warnings)
    return config, resolve.desired(config, found.tables)


def _org(folder: Path, faults: list[Fault]) -> Org:
    """Load the snapshot; where that fails a config's own faults are told first."""
    try:
        return snapshot.load(folder)
    except DescribeError:
        if faults:
            raise ConfigError(faults) from None
        raise


def required_database(database: str | None) -> str:
    """Return the database's address; UsageError where none was given."""
    if not database:
        raise UsageError("no database given", hint="use --database URL or set DATABASE_URL")
    return database


def open_session(config: Config, stop: threading.Event | None = None) -> Session:
    """Return a session with the config's org; UsageError where the login is not there.

    ``stop`` ends its waits between attempts.
    """
    login = config.login
    address = look_up(login.instance_url, config)
    if not address:
        raise UsageError(
            f"the org's address is not set: {_name(login.instance_url)}",
            hint="for example https://yourorg.my.salesforce.com",
        )
    return Session(address, _login(config), config.api_version, stop=stop)


def _login(config: Config) -> Login:
    login = config.login
    if token := look_up(login.access_token, config):
        return AccessToken(token)
    client_id, secret = look_up(login.client_id, config), look_up(login.client_secret, config)
    if client_id and secret:
        return ClientCredentials(client_id, secret)
    wanted = _name(login.access_token)
    pair = (login.client_id, login.client_secret)
    others = " and ".join(_name(one) for one in pair)
    raise UsageError("no login for the org", hint=f"set {wanted}, or {others} (client credentials)")


def _name(reference: Reference) -> str:
    return f"the file {reference.name}" if reference.kind == "file" else reference.name
