"""Serves an org over HTTP, on the loopback only: in a thread, or until told to stop."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

import uvicorn

from connectsql.emulator.app import Application
from connectsql.emulator.options import Options
from connectsql.emulator.org import datafile
from connectsql.emulator.org.clock import Clock, system_clock
from connectsql.emulator.org.seeding.founding import found
from connectsql.emulator.org.seeding.seed import seed
from connectsql.emulator.whole import Org
from connectsql.errors import EmulatorError

if TYPE_CHECKING:
    from connectsql.emulator.events.service import PubSubServer

_HOST = "127.0.0.1"
_BACKLOG = 2048
_PATIENCE_SECONDS = 1
_GLANCE_SECONDS = 0.5
# On Windows SO_REUSEADDR lets two programs share a port; this is what refuses a taken one there.
_OWN_PORT = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
_CLIENT = ("url", "access_token", "refresh_token", "client_id", "client_secret")
_USER = ("username", "password", "security_token")


class RunningOrg:
    """An org that is being served, and what is needed to call it.

    A context manager: leaving it stops the org. ``pubsub`` is the host and port of the
    Pub/Sub API, None for an org without events.
    """

    def __init__(self, options: Options, now: Clock = system_clock) -> None:
        self._socket = _bind(options.port)
        try:
            self._org, pubsub = _open(options, now)
        except BaseException:
            self._socket.close()
            raise
        self.url = f"http://{_HOST}:{self._socket.getsockname()[1]}"
        self.access_token = self._org.sessions.open()
        self.client_id = options.client_id
        self.client_secret = options.client_secret
        self.username = options.username
        self.password = options.password
        self.security_token = options.security_token
        self.refresh_token = options.refresh_token
        self._server = _Server(Application(self._org, self._drop), pubsub)
        self._thread = threading.Thread(target=self._serve, name="emulator", daemon=True)
        self._thread.start()
        try:
            self._server.accepting.wait()
        except BaseException:
            self.stop()
            raise
        if self._server.failure:
            self.stop()
            raise self._server.failure
        self.pubsub = f"{_HOST}:{pubsub.port}" if pubsub else None

    def stop(self) -> None:
        """Stop serving and let go of the port and the data file. Once is enough."""
        self._server.should_exit = True
        self._thread.join()

    def as_json(self) -> dict[str, Any]:
        """Return what a client needs to know."""
        told = {name: getattr(self, name) for name in _CLIENT + _USER}
        return told | ({"pubsub": self.pubsub} if self.pubsub else {})

    def __enter__(self) -> RunningOrg:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.accepting.set()
            self._socket.close()
            self._org.close()

    def _drop(self, client: tuple[str, int]) -> None:
        """Cut a client's connection without a word."""
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport and tuple(transport.get_extra_info("peername")) == tuple(client):
                transport.abort()


class _Server(uvicorn.Server):
    """Uvicorn, told when it accepts calls and kept from handling signals itself."""

    def __init__(self, application: Application, pubsub: PubSubServer | None) -> None:
        config = uvicorn.Config(
            application,
            loop="auto",
            http="auto",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_PATIENCE_SECONDS,
        )
        super().__init__(config)
        self.accepting = threading.Event()
        self.failure: EmulatorError | None = None
        self._application = application
        self._pubsub = pubsub

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._pubsub:
            try:
                await self._pubsub.start(_HOST)
            except EmulatorError as failure:
                self.failure = failure
                self.should_exit = True
                return
        await super().startup(sockets)
        self._application.org.bulk.resume()
        self.accepting.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.close()
        if self._pubsub:
            await self._pubsub.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def start_in_thread(options: Options | None = None, *, now: Clock = system_clock) -> RunningOrg:
    """Start an org in a thread of this process; it accepts calls when this returns.

    ``now`` is the org's clock. Raises ``EmulatorError`` for a taken port, bad describes, a
    bad data file, or records to be seeded or events of an object that the org lacks.
    """
    return RunningOrg(options or Options(), now)


def run(options: Options) -> None:
    """Serve an org until SIGTERM or SIGINT.

    The first line on stdout is what ``RunningOrg.as_json`` returns, the url and the credentials,
    written once calls are accepted. Everything else goes to stderr. Raises what
    ``start_in_thread`` does.
    """
    asked_to_stop = threading.Event()
    with _logging_to_stderr(), suppress(_StoppedAtStart), _signals_set(asked_to_stop) as started:
        try:
            org = start_in_thread(options)
        except EmulatorError:
            if asked_to_stop.is_set():  # within SQLite the signal became an error of SQLite's
                return
            raise
        started.set()
        with org:
            _serve_until(asked_to_stop, org)


class _StoppedAtStart(BaseException):
    """A signal came before calls were accepted; filling an org can take minutes."""


def _serve_until(asked_to_stop: threading.Event, org: RunningOrg) -> None:
    print(json.dumps(org.as_json()), flush=True)
    while not asked_to_stop.wait(_GLANCE_SECONDS):
        pass  # on Windows a wait without an end would keep Ctrl-C from being noticed


@contextmanager
def _signals_set(asked_to_stop: threading.Event) -> Iterator[threading.Event]:
    """Let the two signals that end a service set an event instead.

    Until the event given is set they raise ``_StoppedAtStart``, but once.
    """
    started = threading.Event()

    def ask(*_: object) -> None:
        is_first = not asked_to_stop.is_set()
        asked_to_stop.set()
        if is_first and not started.is_set():
            raise _StoppedAtStart

    before = {one: signal.signal(one, ask) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield started
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _logging_to_stderr() -> Iterator[None]:
    log = logging.getLogger("connectsql.emulator")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _open(options: Options, now: Clock) -> tuple[Org, PubSubServer | None]:
    try:
        return _opened(options, now)
    except sqlite3.DatabaseError as broken:
        raise datafile.unusable(options.data, broken) from broken


def _opened(options: Options, now: Clock) -> tuple[Org, PubSubServer | None]:
    org = Org(options, now)
    try:
        found(org)
        seed(org, options.seed_records, options.seed)
        org.automation.refresh()
        return org, _open_events(org) if options.events else None
    except BaseException:
        org.close()
        raise


def _open_events(org: Org) -> PubSubServer:
    """Let the org have events, from now on. What they need is imported only here."""
    try:
        from connectsql.emulator.events.service import pubsub_server
    except ModuleNotFoundError as missing:
        raise EmulatorError(
            f"change events need the package {missing.name}",
            hint="Install connectsql with its extra: pip install 'connectsql[events]'",
        ) from missing
    return pubsub_server(org, org.open_events())


def _bind(port: int) -> socket.socket:
    # With the protocol named: only then does asyncio switch Nagle's algorithm off, which would
    # hold the body of every answer back for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, _OWN_PORT, 1)
    try:
        listener.bind((_HOST, port))
    except (OSError, OverflowError) as broken:
        with contextlib.closing(listener):
            reason = getattr(broken, "strerror", None) or broken
            raise EmulatorError(
                f"port {port} on {_HOST} cannot be used: {reason}",
                hint="Choose another port, or 0 for any free one.",
            ) from broken
    return listener
