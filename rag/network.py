"""The one door to the network, for addresses that users type and for the models that somebody asked for.

An address is judged where it leads, not by how it is written: its host is resolved once, every
address found is checked, and the connection goes to the very address that was checked. That
holds for each hop again, so neither a redirect nor a name that changes its mind leads inside.
Certificates are checked against the name in the address as usual.

Nothing in the environment changes the way (no proxies), and every connection made or refused
is one line in the log of this module: host and port, never the rest of the address.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import cache
from urllib.parse import quote, urljoin, urlsplit

import certifi
import httpcore
import idna

from rag.connections import OPENING, REFUSED
from rag.errors import (
    AddressForbidden,
    AddressInvalid,
    AddressNotReadable,
    AddressRedirects,
    AddressStatus,
    AddressUnreachable,
    TooLarge,
    TooSlow,
)

log = logging.getLogger(__name__)

USER_AGENT = "Footnote (+document reader)"
MOST_REDIRECTS = 3

_TYPES = {
    "text/html",
    "application/xhtml+xml",
    "text/plain",
    "text/markdown",
    "text/x-markdown",
    "application/pdf",
    "application/x-pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    # Servers that do not know what they hold; the content decides then.
    "application/octet-stream",
    "binary/octet-stream",
}
_SAFE = "/?%:@!$&'()*+,;=~-._[]"
_MOST_TRIED = 3
_REDIRECTS = {301, 302, 303, 307, 308}
_STRANGE = re.compile(r"[\x00-\x20\x7f-\x9f\\]|[^\S ]")

# Beyond what is not global: addresses that Python calls global and that lead inside all the same.
_METADATA = [
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::/32")
]
_FORBIDDEN_4 = [ipaddress.ip_network("192.88.99.0/24")]  # relays into 6to4
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_FORBIDDEN_6 = [
    ipaddress.ip_network(text)
    # Teredo and other protocol addresses, documentation, 6to4, and AS112.
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave. `type` is the media type in lower case, `address` the final one."""

    content: bytes
    type: str
    charset: str | None
    address: str


def fetch(
    address: str,
    *,
    intranet: Collection[str] = (),
    max_bytes: int = 10 * 2**20,
    connect_seconds: float = 5,
    total_seconds: float = 30,
) -> Fetched:
    """Get a page or a document by http or https, following at most three redirects.

    `intranet` holds the exact "host:port" of private servers that may be reached; addresses
    at which a machine gives away its own keys stay closed even then. `max_bytes` counts what
    is left after decompression.

    Raises:
        AddressInvalid: no address of the web.
        AddressForbidden: it, or a redirect, leads into a private network.
        AddressUnreachable, AddressStatus, AddressRedirects, AddressNotReadable
        TooLarge, TooSlow: the answer is longer or takes longer than the limits.
    """
    address = address.strip()
    door = _Door(
        address, intranet, connect_seconds, _Deadline(address, time.monotonic() + total_seconds, total_seconds)
    )
    current = address
    for _ in range(MOST_REDIRECTS + 1):
        url = _taken_apart(address, current)
        try:
            with httpcore.ConnectionPool(_certificates(), network_backend=door) as pool:
                result = _get(pool, url, current, address, max_bytes)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            door.deadline.left()
            raise AddressUnreachable(address=address) from error
        if isinstance(result, Fetched):
            return result
        current = result
    raise AddressRedirects(address=address)


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer as it begins: its status, its headers by their names in lower case, its body piece by piece."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


def patient() -> None:
    """Wait on."""


@contextmanager
def opened(
    address: str,
    *,
    intranet: Collection[str] = (),
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    connect_seconds: float = 5,
    quiet_seconds: float = 30,
    look: Callable[[], None] = patient,
    look_seconds: float = 1,
) -> Iterator[Opened]:
    """Ask for an address and read what it gives, however long it is: model files and the answers of models,
    from the servers that the administrator has chosen.

    The same rules hold as for `fetch`, at each redirect again. `quiet_seconds` bounds every single wait;
    `look` is called every `look_seconds` of one, and may raise. An Authorization header goes to the server
    of the address and to no other. With `content` it is posted, and a redirect is not followed.

    Raises:
        AddressInvalid, AddressForbidden, AddressUnreachable, AddressRedirects: also while the pieces are read.
    """
    door = _Door(address, intranet, connect_seconds, _Patience(quiet_seconds, look, look_seconds))
    current, sent = address, dict(headers or {})
    try:
        with ExitStack() as stack:
            for _ in range(MOST_REDIRECTS + 1):
                url = _taken_apart(address, current)
                pool = stack.enter_context(httpcore.ConnectionPool(_certificates(), network_backend=door))
                own = {"Host": _host_header(url), "User-Agent": USER_AGENT, "Connection": "close"}
                asked: list[tuple[bytes | str, bytes | str]] = [*own.items(), *sent.items()]
                if content is not None:
                    asked.append(("Content-Length", str(len(content))))
                method = "GET" if content is None else "POST"
                response = stack.enter_context(pool.stream(method, url, headers=asked, content=content))
                answered = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in response.headers}
                if content is not None or response.status not in _REDIRECTS or "location" not in answered:
                    yield Opened(response.status, answered, response.iter_stream())
                    return
                following = urljoin(current, answered["location"].strip().replace(" ", "%20"))
                if _origin(following) != _origin(current):
                    sent.pop("Authorization", None)
                current = following
                stack.close()
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise AddressUnreachable(address=address) from error
    raise AddressRedirects(address=address)


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet and leads inside in no way known."""
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved or _gives_keys(ip):
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _FORBIDDEN_4)
    return found in _GLOBAL_6 and not any(found in network for network in _FORBIDDEN_6)


def _gives_keys(ip: str) -> bool:
    found = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in _METADATA)


@cache
def _certificates() -> ssl.SSLContext:
    """The system's authorities, a company's own among them, and the usual ones where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _taken_apart(address: str, current: str) -> httpcore.URL:
    """The address in parts; AddressInvalid where two programs could take it apart differently."""
    try:
        parts = urlsplit(current)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError) as error:
        raise AddressInvalid(address=address) from error
    host = host.removesuffix(".")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise AddressInvalid(address=address)
    if _STRANGE.search(current) or "@" in parts.netloc or "%" in host:
        raise AddressInvalid(address=address)
    query = "?" + quote(parts.query, safe=_SAFE) if parts.query else ""
    target = quote(parts.path or "/", safe=_SAFE) + query
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=target)


def _get(pool: httpcore.ConnectionPool, url: httpcore.URL, current: str, address: str, max_bytes: int) -> Fetched | str:
    """One request: what it gave, or where it sends the caller next. Redirects are not read further."""
    headers: dict[bytes | str, bytes | str] = {
        "Host": _host_header(url),
        "User-Agent": USER_AGENT,
        "Accept": "text/html, application/pdf, text/plain;q=0.9, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    with pool.stream("GET", url, headers=headers) as response:
        answered = {name.lower(): value.decode("utf-8", "replace") for name, value in response.headers}
        if response.status in _REDIRECTS and answered.get(b"location"):
            return urljoin(current, answered[b"location"].strip().replace(" ", "%20"))
        if not 200 <= response.status < 300:
            raise AddressStatus(address=address, status=response.status)
        message = Message()
        message["content-type"] = answered.get(b"content-type") or "application/octet-stream"
        type_, encoding = message.get_content_type(), answered.get(b"content-encoding", "identity").strip().lower()
        if type_ not in _TYPES or encoding not in ("identity", "gzip", "x-gzip"):
            raise AddressNotReadable(address=address, type=(type_ if type_ not in _TYPES else encoding)[:80])
        content = _body(response.iter_stream(), encoding != "identity", address, max_bytes)
    charset = message.get_content_charset()
    return Fetched(content, type_, charset, current)


def _body(chunks: Iterable[bytes], packed: bool, address: str, max_bytes: int) -> bytes:
    """The body, unpacked piece by piece, so that no more than `max_bytes` ever stand in memory."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    content = bytearray()
    for chunk in chunks:
        try:
            content += unpack.decompress(chunk, max_bytes + 1 - len(content)) if packed else chunk
        except zlib.error as error:
            raise AddressNotReadable(address=address, type="gzip") from error
        if len(content) > max_bytes:
            raise TooLarge(name=address, limit=f"{max_bytes / 2**20:g} MB")
    return bytes(content)


@dataclass(frozen=True, slots=True)
class _Deadline:
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
class _Patience:
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


class _Door(httpcore.NetworkBackend):
    """Opens connections for one fetch, to checked addresses only."""

    def __init__(
        self, address: str, intranet: Collection[str], connect_seconds: float, deadline: _Deadline | _Patience
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
            log.info("connected to %s:%d", _shown(host), port)
            return _Timed(stream, self.deadline)
        log.info("no answer from %s:%d", _shown(host), port)
        raise AddressUnreachable(address=self._address)

    def _judged(self, host: str, port: int) -> list[str]:
        ips = _resolve(host, port, min(self._connect_seconds, self.deadline.left()))
        allowed = f"{_shown(host)}:{port}".lower() in self._intranet
        if any(_gives_keys(ip) or not (allowed or is_public(ip)) for ip in ips):
            log.warning("refused %s:%d", _shown(host), port)
            sys.audit(REFUSED, host, port)
            raise AddressForbidden(address=self._address, host=host)
        return ips[:_MOST_TRIED]


class _Timed(httpcore.NetworkStream):
    """A connection on which every wait ends with the fetch's deadline at the latest."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline | _Patience) -> None:
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


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _host_header(url: httpcore.URL) -> str:
    host = _shown(url.host.decode("ascii"))
    return host if url.port is None else f"{host}:{url.port}"


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port


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
