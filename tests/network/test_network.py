"""The one door to the network: what it opens, what it refuses, and where it stops reading."""

from __future__ import annotations

import gzip
import itertools
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from rag.core.errors import (
    AddressError,
    AddressForbidden,
    AddressInvalid,
    AddressNotReadable,
    AddressRedirects,
    AddressStatus,
    AddressUnreachable,
    TooLarge,
    TooSlow,
)
from rag.network import USER_AGENT, fetch, is_public
from rag.network.ssrf import completed
from tests.support.serving import Reply, Served, serving
from tests.support.waiting import ends

PAGE = b"<html><body><p>Leave is 25 days.</p></body></html>"


def answer(path: str) -> Reply:
    replies = {
        "/page": Reply(PAGE),
        "/gzip": Reply(gzip.compress(PAGE), headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}),
        "/bomb": Reply(
            gzip.compress(b"0" * 20_000_000), headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"}
        ),
        "/brotli": Reply(PAGE, headers={"Content-Type": "text/html", "Content-Encoding": "br"}),
        "/not-gzip": Reply(PAGE, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}),
        "/endless": Reply(itertools.repeat(b"x" * 65536), headers={"Content-Type": "text/plain"}),
        "/drip": Reply(_drip(), headers={"Content-Type": "text/plain"}),
        "/picture": Reply(b"\x89PNG", headers={"Content-Type": "image/png"}),
        "/untyped": Reply(b"%PDF-1.4", headers={}),
        "/missing": Reply(b"Not here", status=404),
        "/broken": Reply(b"", status=500),
        "/to-page": Reply(b"gone", status=302, headers={"Location": "/page"}),
        "/to-inside": Reply(status=301, headers={"Location": "http://169.254.169.254/latest/meta-data/"}),
        "/to-file": Reply(status=302, headers={"Location": "file:///etc/passwd"}),
    }
    if path.startswith("/hop/"):
        left = int(path.removeprefix("/hop/"))
        return Reply(status=307, headers={"Location": f"/hop/{left - 1}"}) if left else Reply(PAGE)
    return replies.get(path.partition("?")[0], Reply(status=404))


def _drip() -> Iterator[bytes]:
    while True:
        time.sleep(0.1)
        yield b"."


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(answer) as served:
        yield served


def test_a_page_of_an_allowed_private_server_is_fetched_whole(server: Served) -> None:
    fetched = fetch(server.at("/page?a=b c".replace(" ", "%20")), intranet=[server.place])
    assert fetched.content == PAGE
    assert (fetched.type, fetched.charset, fetched.address) == ("text/html", "utf-8", server.at("/page?a=b%20c"))


def test_the_reader_says_who_it_is_and_asks_for_gzip_only(server: Served) -> None:
    fetch(server.at("/page"), intranet=[server.place])
    headers = server.requests[-1][1]
    assert headers["User-Agent"] == USER_AGENT
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["Host"] == server.place


def test_a_private_server_that_is_not_allowed_is_never_asked(server: Served) -> None:
    asked = len(server.requests)
    for intranet in ([], ["127.0.0.1:1"], ["localhost:80", server.place + "0"]):
        with pytest.raises(AddressForbidden):
            fetch(server.at("/page"), intranet=intranet)
    assert len(server.requests) == asked


def test_gzip_is_unpacked(server: Served) -> None:
    assert fetch(server.at("/gzip"), intranet=[server.place]).content == PAGE


@pytest.mark.parametrize("path", ["/bomb", "/endless"])
def test_an_answer_is_read_up_to_the_limit_only(server: Served, path: str) -> None:
    with pytest.raises(TooLarge):
        fetch(server.at(path), intranet=[server.place], max_bytes=1_000_000)


def test_a_server_that_drips_is_left_at_the_deadline(server: Served) -> None:
    with pytest.raises(TooSlow):
        ends(lambda: fetch(server.at("/drip"), intranet=[server.place], total_seconds=1))


def test_a_server_that_never_finishes_its_headers_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def dawdle() -> None:
            connection, _ = listener.accept()
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    time.sleep(0.1)
                    connection.sendall(b"X")
            except OSError:
                connection.close()

        threading.Thread(target=dawdle, daemon=True).start()
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TooSlow):
            ends(lambda: fetch(f"http://{place}/", intranet=[place], total_seconds=1))


def test_three_redirects_are_followed_and_the_final_address_told(server: Served) -> None:
    assert fetch(server.at("/hop/3"), intranet=[server.place]).address == server.at("/hop/0")
    with pytest.raises(AddressRedirects):
        fetch(server.at("/hop/4"), intranet=[server.place])


@pytest.mark.parametrize(("path", "error"), [("/to-inside", AddressForbidden), ("/to-file", AddressInvalid)])
def test_a_redirect_is_judged_like_an_address(server: Served, path: str, error: type[AddressError]) -> None:
    with pytest.raises(error):
        fetch(server.at(path), intranet=[server.place, "169.254.169.254:80"])


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/broken", 500)])
def test_an_error_page_is_an_error(server: Served, path: str, status: int) -> None:
    with pytest.raises(AddressStatus) as caught:
        fetch(server.at(path), intranet=[server.place])
    assert caught.value.fields["status"] == status


@pytest.mark.parametrize("path", ["/picture", "/brotli", "/not-gzip"])
def test_what_is_no_page_or_document_is_not_read(server: Served, path: str) -> None:
    with pytest.raises(AddressNotReadable):
        fetch(server.at(path), intranet=[server.place])


def test_an_answer_without_a_type_is_left_to_its_content(server: Served) -> None:
    assert fetch(server.at("/untyped"), intranet=[server.place]).type == "application/octet-stream"


def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(AddressUnreachable):
        fetch(f"http://{place}/", intranet=[place])
    with pytest.raises(AddressUnreachable):
        fetch("http://no-such-host.invalid/", connect_seconds=1)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "http://",
        "http:///path",
        "http://user@example.org/",
        "http://user:word@example.org/",
        "http://127.0.0.1:6666\\@1.1.1.1/",
        "http://exam\tple.org/",
        "http://example.org/a b",
        "http://example.org/\x00",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://[::1%25lo]/",
        "http://[::1/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_of_the_web_is_refused_before_anything_is_looked_up(address: str) -> None:
    with pytest.raises(AddressInvalid):
        fetch(address)


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_addresses_of_the_internet_are_public(ip: str) -> None:
    assert is_public(ip)


INSIDE = """0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 168.63.129.16 169.254.169.254
172.16.0.1 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1
64:ff9b:1::a00:1 100::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1
fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost"""


@pytest.mark.parametrize("ip", INSIDE.split())
def test_addresses_that_lead_inside_are_not_public(ip: str) -> None:
    assert not is_public(ip)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(AddressForbidden):
        fetch("http://two-faced.example/")


def test_proxy_settings_change_nothing(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(server.at("/page"), intranet=[server.place]).content == PAGE


def test_each_connection_is_one_line_in_the_log_without_the_path(
    server: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "rag.network")
    fetch(server.at("/to-page?secret"), intranet=[server.place])
    with pytest.raises(AddressForbidden):
        fetch("http://10.0.0.1:8080/secret")
    assert [record.getMessage() for record in caplog.records if record.name == "rag.network"] == [
        f"connected to {server.place}",
        f"connected to {server.place}",
        "refused 10.0.0.1:8080",
    ]


@pytest.mark.skipif(not socket.has_ipv6 or sys.platform == "darwin", reason="no IPv6 loopback to serve on")
def test_an_allowed_ipv6_server_is_named_in_brackets() -> None:
    try:
        with serving(answer, host="::1") as served:
            assert fetch(served.at("/page"), intranet=[served.place]).content == PAGE
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("www.example.org/a?b=c", "https://www.example.org/a?b=c"),
        (" example.org:8080 ", "https://example.org:8080"),
        ("http://wiki/page", "http://wiki/page"),
        ("ftp://example.org", "ftp://example.org"),
        ("ann@example.org", "ann@example.org"),
        ("nonsense", "nonsense"),
        (".", "."),
        ("", ""),
    ],
)
def test_an_address_without_its_scheme_is_completed(written: str, meant: str) -> None:
    assert completed(written) == meant
