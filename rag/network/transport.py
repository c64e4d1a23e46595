"""The connections themselves: to checked addresses only, each wait bounded, each one a line in the log."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache

import certifi
import httpcore

from rag.core.errors import AddressForbidden, AddressUnreachable, TooSlow
from rag.network.connection_log import OPENING, REFUSED
from rag.network.ssrf import gives_keys, is_public, shown

log = logging.getLogger(__package__)

_MOST_TRIED = 3


@cache
def certificates() -> ssl.SSLContext:
    """The system's authorities, a company's own among them, and the usual ones where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which a fetch must be over, whatever the servers do."""

    address: str
    moment: float
    seconds: float

    def left(self) -> float:
        """Seconds left; TooSlow where there are none."""
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TooSlow(name=self.address, seconds=round(self.seconds))
        return left

    def read(self, stream: httpcore.NetworkStream, max_bytes: int) -> bytes:
        """What comes next."""
        return stream.read(max_bytes, self.left())


@dataclass(frozen=True, slots=True)
class Patience:
    """As much time for every single wait, and no end of them: for files that take hours."""

    seconds: float
    look: Callable[[], None]
    step: float

    def left(self) -> float:
        return self.seconds

    def read(self, stream: httpcore.NetworkStream, max_bytes: int) -> bytes:
        """What comes next, waited for in short steps."""
        end = time.monotonic() + self.seconds
        while True:
            try:
                return stream.read(max_bytes, min(self.seconds, self.step))
            except httpcore.ReadTimeout:
                self.look()
                if time.monotonic() >= end:
                    raise


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections for one fetch, to checked addresses only."""

    def __init__(
        self, address: str, intranet: Collection[str], connect_seconds: float, deadline: Deadline | Patience
    ) -> None:
        self._address = address
        self._intranet = {entry.lower() for entry in intranet}
        self._connect_seconds = connect_seconds
        self._backend = httpcore.SyncBackend()
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to an address that `host` resolves to, once all of them have been found harmless."""
        started = time.monotonic()
        for ip in self._judged(host, port):
            left = min(self._connect_seconds - (time.monotonic() - started), self.deadline.left())
            sys.audit(OPENING, host, port, ip)
            try:
                stream = self._backend.connect_tcp(ip, port, timeout=max(left, 0.1))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            log.info("connected to %s:%d", shown(host), port)
            return _Timed(stream, self.deadline)
        log.info("no answer from %s:%d", shown(host), port)
        raise AddressUnreachable(address=self._address)

    def _judged(self, host: str, port: int) -> list[str]:
        ips = _resolve(host, port, min(self._connect_seconds, self.deadline.left()))
        allowed = f"{shown(host)}:{port}".lower() in self._intranet
        if any(gives_keys(ip) or not (allowed or is_public(ip)) for ip in ips):
            log.warning("refused %s:%d", shown(host), port)
            sys.audit(REFUSED, host, port)
            raise AddressForbidden(address=self._address, host=host)
        return ips[:_MOST_TRIED]


class _Timed(httpcore.NetworkStream):
    """A connection on which every wait ends with the fetch's deadline at the latest."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline | Patience) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._deadline.read(self._stream, max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Timed(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host, in order; none where it has none or finding them takes too long."""
    found: list[str] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        found.extend(dict.fromkeys(str(info[4][0]) for info in infos))

    # The system's resolver knows no time limit of ours, so it waits in a thread of its own.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    return list(found)
