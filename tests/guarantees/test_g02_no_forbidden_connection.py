"""G2. No address that a user types, and nowhere it sends the reader, leads into a private network.

Sixty payloads, each aimed at a canary on loopback or at an address that gives away keys. The
control reads the host as text, trusts what it finds there and lets urllib do the rest; it must
reach what it should not at least ten times, or the payloads prove nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urlsplit

import pytest

from rag.core.errors import AddressError
from rag.network import fetch, is_public
from tests.guarantees.sockets import watched
from tests.support.serving import Reply, serving

PUBLIC = "93.184.216.34"
IPV4 = """127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7f.0.0.1 0177.0.0.1 017700000001 0.0.0.0 127.0.0.53
①②⑦.⓪.⓪.①"""
IPV6 = """[::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::]
[fe80::1] [fc00::1] [::]"""
METADATA = """169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200 192.0.0.192 [fd00:ec2::254] 2852039166
[::ffff:169.254.169.254]"""


@dataclass(frozen=True)
class Payload:
    """An address; what the names in it resolve to, one answer after the other; proxies to set."""

    kind: str
    address: str
    resolves: tuple[tuple[str, ...], ...] = ()
    proxy: tuple[str, str] | None = None
    intranet: tuple[str, ...] = field(default=())


def payloads(canary: int, entry: str) -> Iterator[Payload]:
    """The sixty, aimed at the canary's port; `entry` is a server that is allowed, and redirects."""
    for host in IPV4.split():
        yield Payload("IPv4 notation", f"http://{host}:{canary}/")
    for host in IPV6.split():
        yield Payload("IPv6", f"http://{host}:{canary}/")
    for host in METADATA.split():
        yield Payload("metadata", f"http://{host}/latest/meta-data/", intranet=(f"{host}:80",))
    here = f"127.0.0.1:{canary}"
    for address in (
        "file:///etc/passwd", f"ftp://{here}/", f"gopher://{here}/_x", "data:text/html,<p>x", f"dict://{here}/d",
        f"jar:http://{here}!/x", f"\\\\{here}\\share", "/etc/passwd",
    ):  # fmt: skip
        yield Payload("scheme", address)
    for address in (
        f"http://{here}\\@{PUBLIC}/", f"http://{PUBLIC}@{here}/", f"http://{PUBLIC} @{here}/",
        f"http://{here}#@{PUBLIC}/", f"http:\t//{here}/", f"http://127。0。0。1:{canary}/",
    ):  # fmt: skip
        yield Payload("parser trick", address)
    for number in range(6):
        yield Payload("redirect", f"http://{entry}/{number}", intranet=(entry,))
    public, inside = (PUBLIC,), ("127.0.0.1",)
    for answers in ((public, inside), (inside, public), ((PUBLIC, "127.0.0.1"),), (public, ("::1",))):
        yield Payload("rebinding", f"http://changes.example:{canary}/", resolves=answers)
    for name, ip in (("localhost", "127.0.0.1"), ("wiki.corp", "10.0.0.5"), ("metadata.internal", "169.254.169.254")):
        yield Payload("internal name", f"http://{name}:{canary}/", resolves=((ip,),))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        yield Payload("proxy", "http://public.example/", resolves=(public,), proxy=(variable, f"http://{here}"))


def redirects(canary: int) -> Callable[[str], Reply]:
    targets = (
        f"http://127.0.0.1:{canary}/", f"http://[::1]:{canary}/", "http://169.254.169.254/", "file:///etc/passwd",
        f"//2130706433:{canary}/", "/0",
    )  # fmt: skip
    return lambda path: Reply(status=302, headers={"Location": targets[int(path[1:])]})


@contextmanager
def resolving(payload: Payload) -> Iterator[None]:
    """While it lasts, names have the payload's answers, each the next one; numbers are left alone."""
    answers = list(payload.resolves)
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **options: object) -> list[object]:
        if not answers or not str(host).endswith((".example", ".corp", ".internal", "localhost")):
            return list(real(host, port, *args, **options))  # type: ignore[arg-type]
        ips = answers.pop(0) if len(answers) > 1 else answers[0]
        return [info for ip in ips for info in real(ip, port, type=socket.SOCK_STREAM)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        if payload.proxy:
            patch.setenv(*payload.proxy)
        yield


def naive(address: str, intranet: tuple[str, ...]) -> bytes:
    """The control: what the host looks like decides, and a library fetches."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or (host in ("127.0.0.1", "localhost", "::1") and not intranet):
        raise ValueError(address)
    try:
        found = ipaddress.ip_address(socket.getaddrinfo(host, parts.port or 80)[0][4][0])
    except OSError as error:
        raise ValueError(address) from error
    if found.is_private and host[0].isdigit() and host.count(".") == 3 and not intranet:
        raise ValueError(address)
    with urllib.request.urlopen(address, timeout=1) as answer:
        return bytes(answer.read(1000))


def forbidden(connections: list[tuple[str, int]], entry: str) -> list[tuple[str, int]]:
    return [(ip, port) for ip, port in connections if not is_public(ip) and f"{ip}:{port}" != entry]


def test_g02_no_address_leads_into_a_private_network() -> None:
    reached: list[str] = []
    unclear: list[str] = []
    control = 0
    with ExitStack() as stack:
        canary = stack.enter_context(serving(lambda path: Reply(b"canary")))
        port = int(canary.place.rpartition(":")[2])
        entry = stack.enter_context(serving(redirects(port))).place
        cases = list(payloads(port, entry))
        for payload in cases:
            with resolving(payload), watched() as connections:
                try:
                    fetch(payload.address, intranet=payload.intranet, connect_seconds=1, total_seconds=5)
                    unclear.append(payload.address)
                except AddressError:
                    pass
            if forbidden(connections, entry):
                reached.append(payload.address)
        asked = len(canary.requests)
        for payload in cases:
            with resolving(payload), watched() as connections, suppress(OSError, ValueError, HTTPException):
                naive(payload.address, payload.intranet)
            control += bool(forbidden(connections, entry))
    print(f"G2: {len(cases)} payloads, {len(reached)} forbidden connections, {len(unclear)} without a refusal; "
          f"the control made {control}")  # fmt: skip
    assert len(cases) == 60
    assert not reached
    assert not unclear
    assert asked == 0
    assert control >= 10
