"""Sees every connection that this process opens through Python, and keeps the tests offline."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_watching: list[list[tuple[str, int]]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not _watching or arguments[0].family == socket.AF_UNIX:
        return
    host, port = arguments[1][:2]
    _watching[-1].append((host, port))
    if not (host.startswith("127.") or host == "::1"):
        raise ConnectionRefusedError("the tests stay on this machine")


# A hook cannot be taken away again, so there is one, and it does nothing while nobody watches.
sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[tuple[str, int]]]:
    """The (address, port) of every connection tried inside the block; only loopback ones succeed."""
    seen: list[tuple[str, int]] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)
