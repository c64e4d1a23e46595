"""Servers that run models, as the administrator has configured them: asked by HTTP, in JSON.

Only what is safe is tried again: a server that has no room (429) or is not ready (503) has done nothing
yet. What it had begun is never asked for a second time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from rag.core.errors import AddressError
from rag.network import Opened, opened, patient

# How often `look` is called while a server is silent: the time in which a stop is obeyed.
LOOK_SECONDS = 0.25
# A server without room is asked again for so long in all; a request to come back later than that ends it at once.
ROOM_SECONDS = 30.0
_FIRST_PAUSE = 1.0

Problem = Literal["unreachable", "busy", "slow", "denied", "unknown", "too_long", "refused"]


class ServerFailed(Exception):
    """A server gave no answer: it is not reachable, has no room, was silent too long, wants another key, does not
    know the model, finds the text too long, or refused for a reason of its own."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its address, which ends before the paths it is asked for. `seconds` of silence end a request."""

    url: str
    key: str = field(default="", repr=False)
    seconds: float = 120.0

    @staticmethod
    def at(url: str, key_name: str, seconds: float, *, path: str = "") -> Server | None:
        """The server at an address, with the key that the environment holds under a name; None for what is no
        address of a server. `path` is added where the address has none."""
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            return None
        whole = url.rstrip("/") + ("" if parts.path.strip("/") else path)
        return Server(whole, os.environ.get(key_name, ""), seconds) if usable else None

    @contextmanager
    def asked(
        self, path: str, order: dict[str, Any] | None = None, *, look: Callable[[], None] = patient
    ) -> Iterator[Iterator[bytes]]:
        """What the server answers, piece by piece; closing the block closes the connection.

        An `order` is posted as JSON, without one the path is fetched. `look` is called four times a second
        while nothing comes, and may raise to give the question up.

        Raises:
            ServerFailed: also while the pieces are read.
        """
        content = None if order is None else json.dumps(order).encode()
        left, usual = ROOM_SECONDS, _FIRST_PAUSE
        while True:
            with self._reached(path, content, look) as answer:
                if 200 <= answer.status < 300:
                    yield answer.pieces
                    return
                if answer.status not in (429, 503):
                    raise ServerFailed(_problem(answer))
                pause = max(_rate_limit_pause(answer, usual), LOOK_SECONDS)
            if pause > left:
                raise ServerFailed("busy")
            _wait(pause, look)
            left, usual = left - pause, 2 * usual

    @contextmanager
    def _reached(self, path: str, content: bytes | None, look: Callable[[], None]) -> Iterator[Opened]:
        headers = {"Accept": "application/json, text/event-stream"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        silence = _Silence(self.seconds, look)
        try:
            with opened(
                self.url + path,
                # Its place is private as a rule, and named by the administrator.
                intranet=[_place(self.url)],
                headers=headers,
                content=content,
                quiet_seconds=self.seconds + 1,
                look=silence.look,
                look_seconds=LOOK_SECONDS,
            ) as answer:
                yield Opened(answer.status, answer.headers, silence.broken_by(answer.pieces))
        except AddressError as error:
            raise ServerFailed("unreachable") from error


class _Silence:
    """Counts the seconds in which a server says nothing."""

    def __init__(self, seconds: float, look: Callable[[], None]) -> None:
        self._seconds, self._look = seconds, look
        self._since = time.monotonic()

    def look(self) -> None:
        self._look()
        if time.monotonic() - self._since >= self._seconds:
            raise ServerFailed("slow")

    def broken_by(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._since = time.monotonic()
            yield piece


def _place(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _problem(answer: Opened) -> Problem:
    match answer.status:
        case 401 | 403:
            return "denied"
        case 404:
            return "unknown"
        case 413:
            return "too_long"
        case 502 | 504:
            # Of a gateway before it.
            return "unreachable"
        case _:
            return "refused"


def _rate_limit_pause(answer: Opened, otherwise: float) -> float:
    """Seconds after which the server wants to be asked again, as far as it says so in seconds."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else otherwise


def _wait(seconds: float, look: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        look()
        time.sleep(min(left, LOOK_SECONDS))
