"""TCP connections to checked addresses only, with a limit on each wait, each one a line in the log."""

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
from rag.network.ssrf import bracketed, is_metadata_service, is_public

log = logging.getLogger(__package__)

_MOST_TRIED = 3


@cache
def certificates() -> ssl.SSLContext:
    """The system's certificate authorities, a company's own among them, and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time by which a fetch must be over, whatever the servers do."""

    address: str
    moment: float
    seconds: float

    def left(self) -> float:
        """Seconds left. Raises TooSlow where there are none."""
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TooSlow(name=self.address, seconds=round(self.seconds))
        return left

    def read(self, stream: httpcore.NetworkStream, max_bytes: int) -> bytes:
        return stream.read(max_bytes, self.left())


@dataclass(frozen=True, slots=True)
class Patience:
    """A limit on each single wait, and none on their sum: for files that take hours."""

    seconds: float
    look: Callable[[], None]
    step: float

    def left(self) -> float:
        return self.seconds

    def read(self, stream: httpcore.NetworkStream, max_bytes: int) -> bytes:
        """The next bytes, waited for in short steps, with a call of `look` after each."""
        end = time.monotonic() + self.seconds
        while True:
            try:
                return stream.read(max_bytes, min(self.seconds, self.step))
            except httpcore.ReadTimeout:
                self.look()
                if time.monotonic() >= end:
                    raise


class GuardedBackend(httpcore.NetworkBackend):
    """Opens the connections of one fetch, to checked addresses only."""

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
        """Connect to an IP that `host` resolves to, once all of them were checked."""
        started = time.monotonic()
        for ip in self._checked(host, port):
            left = min(self._connect_seconds - (time.monotonic() - started), self.deadline.left())
            sys.audit(OPENING, host, port, ip)
            try:
                stream = self._backend.connect_tcp(ip, port, timeout=max(left, 0.1))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            log.info("connected to %s:%d", bracketed(host), port)
            return _Timed(stream, self.deadline)
        log.info("no answer from %s:%d", bracketed(host), port)
        raise AddressUnreachable(address=self._address)

    def _checked(self, host: str, port: int) -> list[str]:
        ips = _resolve(host, port, min(self._connect_seconds, self.deadline.left()))
        allowed = f"{bracketed(host)}:{port}".lower() in self._intranet
        if any(is_metadata_service(ip) or not (allowed or is_public(ip)) for ip in ips):
            log.warning("refused %s:%d", bracketed(host), port)
            sys.audit(REFUSED, host, port)
            raise AddressForbidden(address=self._address, host=host)
        return ips[:_MOST_TRIED]


class _Timed(httpcore.NetworkStream):
    """A connection on which every wait is bounded by the fetch's deadline."""

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
    """The IP addresses of a host, in order; none where resolving fails or takes too long."""
    ips: list[str] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        ips.extend(dict.fromkeys(str(info[4][0]) for info in infos))

    # The system's resolver has no timeout, so it runs in a thread of its own.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(seconds)
    return list(ips)
