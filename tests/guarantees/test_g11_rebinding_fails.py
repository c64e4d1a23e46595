"""G11. A name that answers differently each time: the address connected to is the address checked."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from rag.core.errors import AddressForbidden, AddressUnreachable
from rag.network import fetch, is_public
from tests.guarantees.sockets import watched

TRIALS = 100


def answers(chance: random.Random) -> Iterator[str]:
    """Public and private addresses by turns, the private ones first half of the time."""
    public = next(
        ip for ip in iter(lambda: ".".join(str(chance.randint(1, 223)) for _ in range(4)), "") if is_public(ip)
    )
    inside = chance.choice(["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "192.168.1.1"])
    first, second = (public, inside) if chance.random() < 0.5 else (inside, public)
    while True:
        yield first
        yield second


def test_g11_the_address_connected_to_is_the_one_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(11)
    real = socket.getaddrinfo
    equal = refused = 0
    for _ in range(TRIALS):
        given: list[str] = []
        turn = answers(chance)

        def look_up(
            host: str,
            port: int,
            *args: object,
            given: list[str] = given,
            turn: Iterator[str] = turn,
            **options: object,
        ) -> object:
            if not host.endswith(".example"):
                return real(host, port, *args, **options)  # type: ignore[arg-type]
            given.append(next(turn))
            return real(given[-1], port, type=socket.SOCK_STREAM)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        with watched() as connections, pytest.raises((AddressForbidden, AddressUnreachable)) as caught:
            fetch("http://changes.example/")
        assert len(given) == 1
        if caught.type is AddressForbidden:
            refused += 1
            assert connections == []
        else:
            equal += 1
            assert [ip for ip, _ in connections] == given
    print(f"G11: {TRIALS} alternating names: {equal} connected to the address checked, {refused} refused, 0 other")
    assert equal + refused == TRIALS
    assert min(equal, refused) > TRIALS / 4
