"""A web server on loopback for tests: what it answers is a function of the path."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """What the server answers; `body` may be an iterator of pieces, sent as they come."""

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Served:
    """A running server: its host:port, and the requests it has seen as (path, headers)."""

    place: str
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def at(self, path: str) -> str:
        return f"http://{self.place}{path}"


@contextmanager
def serving(
    answer: Callable[[str], Reply], host: str = "127.0.0.1", *, posted: Callable[[str, bytes], Reply] | None = None
) -> Iterator[Served]:
    """Serve `answer(path)` on a free port of this machine until the block ends; `posted(path, body)` where given."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self._answer(answer)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(lambda path: posted(path, body) if posted else answer(path))

        def _answer(self, found: Callable[[str], Reply]) -> None:
            served.requests.append((self.path, dict(self.headers)))
            reply = found(self.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for piece in [reply.body] if isinstance(reply.body, bytes) else reply.body:
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                pass  # the reader has had enough

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A reader that hangs up early is expected."""

    server = Server((host, 0), Handler)
    served.place = f"[{host}]:{server.server_port}" if ":" in host else f"{host}:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def always(reply: Reply) -> Callable[[str], Reply]:
    """The same answer whatever the path is."""
    return lambda _path: reply


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(app: str, seconds: float = 120) -> None:
    """Until the app at this address serves pages."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if urllib.request.urlopen(f"{app}/_stcore/health", timeout=2).read() == b"ok":
                return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(app)
