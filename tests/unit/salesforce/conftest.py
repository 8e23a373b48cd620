"""An org that answers by script, over real sockets."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectsql.salesforce.login import AccessToken, Login
from connectsql.salesforce.retry import Backoff
from connectsql.salesforce.session import Session

Step = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, kw_only=True)
class Received:
    method: str
    path: str
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedOrg:
    """Answers each request by the next step; the last step answers all that follow."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.steps: list[Step] = []
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._scheme = "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._scheme = "https"
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def then(self, status: int, body: Any = None, **headers: str) -> ScriptedOrg:
        """Add an answer: a JSON value, text, or nothing."""
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return self.raw(status, text.encode(), **{"Content-Type": "application/json", **headers})

    def raw(self, status: int, content: bytes, **headers: str) -> ScriptedOrg:
        def step(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        return self.do(step)

    def gzipped(self, body: Any) -> ScriptedOrg:
        content = gzip.compress(json.dumps(body).encode())
        return self.raw(200, content, Content_Encoding="gzip")

    def chunked(self, *pieces: bytes) -> ScriptedOrg:
        def step(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in (*pieces, b""):
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

        return self.do(step)

    def half(self) -> ScriptedOrg:
        """Promise more than is sent, and hang up."""

        def step(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b'[{"id":')
            handler.close_connection = True

        return self.do(step)

    def reset(self) -> ScriptedOrg:
        """Take the request, then break the connection."""

        def step(handler: BaseHTTPRequestHandler) -> None:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True

        return self.do(step)

    def silent(self) -> ScriptedOrg:
        """Take the request and say nothing until released."""

        def step(handler: BaseHTTPRequestHandler) -> None:
            self.released.wait(10)
            handler.close_connection = True

        return self.do(step)

    def do(self, step: Step) -> ScriptedOrg:
        self.steps.append(step)
        return self

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, request: Received) -> Step:
        with self._lock:
            self.received.append(request)
            return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def _handler(org) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Received(
                    method=self.command, path=self.path, headers=self.headers, body=body
                )
                org._take(request)(self)

            do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = do_CONNECT = answer

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


class Waits(threading.Event):
    """A stop event that records the waits instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        return self.is_set()


@pytest.fixture
def org() -> Iterator[ScriptedOrg]:
    org = ScriptedOrg()
    yield org
    org.close()


@pytest.fixture
def recorded() -> Callable[[str], bytes]:
    """Read one of the recorded answers of real orgs, which lie beside the checkout."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "recorded" / "restforce"

    def read(name: str) -> bytes:
        if not folder.is_dir():
            pytest.skip("the recorded answers are not beside this checkout")
        return (folder / f"{name}_response.json").read_bytes()

    return read


@pytest.fixture
def stop() -> Waits:
    return Waits()


@pytest.fixture
def connect(org: ScriptedOrg, stop: Waits) -> Iterator[Callable[..., Session]]:
    """Open sessions with the scripted org that are closed before it."""
    sessions: list[Session] = []

    def connect(login: Login | None = None, **options: Any) -> Session:
        url = options.pop("url", org.url)
        options = {"timeout": (5.0, 5.0), "stop": stop, "backoff": Backoff(), **options}
        sessions.append(Session(url, login or AccessToken("00D!token"), "68.0", **options))
        return sessions[-1]

    yield connect
    for session in sessions:
        session.close()


@pytest.fixture
def session(connect: Callable[..., Session]) -> Session:
    return connect()
