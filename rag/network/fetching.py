"""HTTP requests: a page, read whole within limits, or a long response, read in pieces."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urljoin

import httpcore

from rag.core.errors import AddressNotReadable, AddressRedirects, AddressStatus, AddressUnreachable, TooLarge
from rag.network.ssrf import host_header, origin, parse
from rag.network.transport import Deadline, GuardedBackend, Patience, certificates

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
    # Generic types, for which the content decides.
    "application/octet-stream",
    "binary/octet-stream",
}
_REDIRECTS = {301, 302, 303, 307, 308}
_ACCEPTED = {
    "Accept": "text/html, application/pdf, text/plain;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip",
}
_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched resource. `type` is the media type in lower case, `address` the final one after redirects."""

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

    Args:
        intranet: exact "host:port" of private servers that may be reached; cloud metadata services never may.
        max_bytes: limit after decompression.

    Raises:
        AddressInvalid: no http or https address.
        AddressForbidden: it, or a redirect, leads into a private network.
        AddressUnreachable, AddressStatus, AddressRedirects, AddressNotReadable
        TooLarge, TooSlow: the response exceeds the limits.
    """
    address = address.strip()
    deadline = Deadline(address, time.monotonic() + total_seconds, total_seconds)
    backend = GuardedBackend(address, intranet, connect_seconds, deadline)
    try:
        with _requested(address, backend, _ACCEPTED) as (response, headers, final):
            return _read(response, headers, final, address, max_bytes)
    except _FAILURES as error:
        deadline.left()
        raise AddressUnreachable(address=address) from error


@dataclass(frozen=True, slots=True)
class Opened:
    """A response: its status, its headers by lower-case name, and its body in pieces."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


def patient() -> None:
    """No-op callback."""


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
    """Request an address and stream the response, of any length: for model files and model servers.

    The rules of `fetch` apply, at each redirect again.

    Args:
        headers: an Authorization header is sent only to the origin of `address`.
        content: a body to POST; redirects are not followed then.
        quiet_seconds: limit of each single wait.
        look: called every `look_seconds` of a wait; may raise to cancel.

    Raises:
        AddressInvalid, AddressForbidden, AddressUnreachable, AddressRedirects: also while the pieces are read.
    """
    backend = GuardedBackend(address, intranet, connect_seconds, Patience(quiet_seconds, look, look_seconds))
    try:
        with _requested(address, backend, headers or {}, content) as (response, answered, _):
            yield Opened(response.status, answered, response.iter_stream())
    except _FAILURES as error:
        raise AddressUnreachable(address=address) from error


@contextmanager
def _requested(
    address: str, backend: GuardedBackend, headers: Mapping[str, str], content: bytes | None = None
) -> Iterator[tuple[httpcore.Response, dict[str, str], str]]:
    """The response, its headers by lower-case name, and the final address. Bodies of redirects are not read."""
    current, sent = address, dict(headers)
    for _ in range(MOST_REDIRECTS + 1):
        url = parse(address, current)
        own = {"Host": host_header(url), "User-Agent": USER_AGENT, "Connection": "close"}
        request: list[tuple[bytes | str, bytes | str]] = [*own.items(), *sent.items()]
        if content is not None:
            request.append(("Content-Length", str(len(content))))
        method = "GET" if content is None else "POST"
        with (
            httpcore.ConnectionPool(certificates(), network_backend=backend) as pool,
            pool.stream(method, url, headers=request, content=content) as response,
        ):
            answered = {n.decode("latin-1").lower(): v.decode("utf-8", "replace") for n, v in response.headers}
            if content is not None or response.status not in _REDIRECTS or not answered.get("location"):
                yield response, answered, current
                return
        target = urljoin(current, answered["location"].strip().replace(" ", "%20"))
        if origin(target) != origin(current):
            sent.pop("Authorization", None)
        current = target
    raise AddressRedirects(address=address)


def _read(response: httpcore.Response, headers: Mapping[str, str], final: str, address: str, max_bytes: int) -> Fetched:
    if not 200 <= response.status < 300:
        raise AddressStatus(address=address, status=response.status)
    message = Message()
    message["content-type"] = headers.get("content-type") or "application/octet-stream"
    type_, encoding = message.get_content_type(), headers.get("content-encoding", "identity").strip().lower()
    if type_ not in _TYPES or encoding not in ("identity", "gzip", "x-gzip"):
        raise AddressNotReadable(address=address, type=(type_ if type_ not in _TYPES else encoding)[:80])
    content = _body(response.iter_stream(), encoding != "identity", address, max_bytes)
    # `get_content_charset` would decode an RFC 2231 charset by any codec that the server names.
    charset = message.get_param("charset")
    return Fetched(content, type_, charset if isinstance(charset, str) else None, final)


def _body(chunks: Iterable[bytes], packed: bool, address: str, max_bytes: int) -> bytes:
    """The body, decompressed piece by piece, so that no more than `max_bytes` are ever in memory."""
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
