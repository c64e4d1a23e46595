"""G10. Slow, endless and lying servers: each is left in time, with the limits of size and redirects kept.

Fifteen of them, spoken byte by byte over plain sockets. Most would hold a fetch for ever, and its limit ends it;
what it read is counted at the server's side of the connection.
"""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rag.core.errors import AddressError, RagError, TooLarge, TooSlow
from rag.network import MOST_REDIRECTS, fetch
from tests.guarantees.library import size
from tests.support.waiting import PATIENCE, ends

SECONDS = size(3, 30)
MEGABYTES = 10
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def slowly(piece: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(0.05)
        yield piece


def bomb() -> Iterator[bytes]:
    packed = gzip.compress(b"0" * 50_000_000)
    yield HEAD + b"Content-Encoding: gzip\r\n\r\n"
    yield from (packed[i : i + 4096] for i in range(0, len(packed), 4096))


def dripping_bomb() -> Iterator[bytes]:
    packed = gzip.compress(b"0" * 50_000_000)
    yield HEAD + b"Content-Encoding: gzip\r\n\r\n"
    for i in range(0, len(packed), 64):
        time.sleep(0.05)
        yield packed[i : i + 64]


def after(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest


SERVERS: dict[str, Callable[[], Iterator[bytes]]] = {
    "never says a word": lambda: slowly(b""),
    "hangs up at once": lambda: iter([]),
    "speaks no HTTP": lambda: iter([b"220 smtp ready\r\n"]),
    "drips its status line": lambda: slowly(b"H"),
    "drips one header": lambda: after(HEAD + b"X: ", slowly(b"x")),
    "has no end of headers": lambda: after(HEAD, (b"X-%d: %b\r\n" % (n, b"x" * 500) for n in itertools.count())),
    "has one endless header": lambda: after(HEAD + b"X: ", itertools.repeat(b"x" * 4096)),
    "drips its body": lambda: after(HEAD + b"\r\n", slowly(b"x")),
    "has no end of body": lambda: after(HEAD + b"\r\n", itertools.repeat(b"x" * 65536)),
    "drips chunks": lambda: after(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", slowly(b"1\r\nx\r\n")),
    "has one endless chunk": lambda: after(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n", itertools.repeat(b"x" * 65536)
    ),
    "says continue for ever": lambda: slowly(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "sends a bomb": bomb,
    "drips a bomb": dripping_bomb,
    "redirects for ever": lambda: iter([b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 99999\r\n\r\n"]),
}


class Hostile:
    """A server that says to every caller what it was given to say; counts callers and bytes."""

    def __init__(self, says: Callable[[], Iterator[bytes]]) -> None:
        self.callers = self.sent = 0
        self._says = says
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.callers += 1
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        connection.settimeout(SECONDS + 10)
        with connection:
            try:
                connection.recv(65536)
                for piece in self._says():
                    connection.sendall(piece)
                    self.sent += len(piece)
            except OSError:
                pass  # the reader has had enough

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("name", SERVERS)
def test_g10_a_hostile_server_is_left_in_time(name: str) -> None:
    server = Hostile(SERVERS[name])
    address = f"http://{server.place}/"
    try:
        with pytest.raises(RagError) as caught:
            ends(lambda: fetch(address, intranet=[server.place], total_seconds=SECONDS), SECONDS + PATIENCE)
    finally:
        server.close()
    print(f"G10: {name}: {caught.value.key()}, {server.sent / 2**20:.1f} MiB sent")
    assert isinstance(caught.value, (AddressError, TooLarge, TooSlow))
    assert server.callers <= 1 + MOST_REDIRECTS
    # What lies in the buffers of the two sockets was sent, but not read.
    assert server.sent <= (MEGABYTES + 10) * 2**20


def test_g10_there_are_fifteen_of_them() -> None:
    assert len(SERVERS) == 15
