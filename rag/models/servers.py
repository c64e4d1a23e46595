"""HTTP client for model servers that the administrator has configured.

Only 429 and 503 are retried, since the server has not started the request then.
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

# Interval of `look` while a server is silent: the latency of a cancellation.
LOOK_SECONDS = 0.25
# Total time of retries; a longer Retry-After fails at once.
ROOM_SECONDS = 30.0
_FIRST_PAUSE = 1.0

Problem = Literal["unreachable", "busy", "slow", "denied", "unknown", "too_long", "refused"]


class ServerFailed(Exception):
    """A request failed; `problem` says how: no connection, overloaded, timeout, wrong key, unknown model, input too
    long, or any other refusal."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Server:
    """A server: base URL, API key, and the seconds without a byte after which a request times out."""

    url: str
    key: str = field(default="", repr=False)
    seconds: float = 120.0

    @staticmethod
    def at(url: str, key_name: str, seconds: float, *, path: str = "") -> Server | None:
        """The server at a URL, with the API key from the environment variable `key_name`; None for an invalid URL.
        `path` is appended where the URL has none."""
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
        """Context manager of a response body as an iterator of bytes; leaving it closes the connection.

        POST with `order` as JSON, GET without one. `look` is called four times a second while nothing arrives, and
        may raise to cancel.

        Raises:
            ServerFailed: also while the body is read.
        """
        content = None if order is None else json.dumps(order).encode()
        left, backoff = ROOM_SECONDS, _FIRST_PAUSE
        while True:
            with self._reached(path, content, look) as answer:
                if 200 <= answer.status < 300:
                    yield answer.pieces
                    return
                if answer.status not in (429, 503):
                    raise ServerFailed(_problem(answer))
                pause = max(_rate_limit_pause(answer, backoff), LOOK_SECONDS)
            if pause > left:
                raise ServerFailed("busy")
            _wait(pause, look)
            left, backoff = left - pause, 2 * backoff

    @contextmanager
    def _reached(self, path: str, content: bytes | None, look: Callable[[], None]) -> Iterator[Opened]:
        headers = {"Accept": "application/json, text/event-stream"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        timeout = _ReadTimeout(self.seconds, look)
        try:
            with opened(
                self.url + path,
                # Usually a private address, configured by the administrator.
                intranet=[_place(self.url)],
                headers=headers,
                content=content,
                quiet_seconds=self.seconds + 1,
                look=timeout.look,
                look_seconds=LOOK_SECONDS,
            ) as answer:
                yield Opened(answer.status, answer.headers, timeout.reset_by(answer.pieces))
        except AddressError as error:
            raise ServerFailed("unreachable") from error


class _ReadTimeout:
    """Raises ServerFailed("slow") when no byte arrives for so many seconds."""

    def __init__(self, seconds: float, look: Callable[[], None]) -> None:
        self._seconds, self._look = seconds, look
        self._since = time.monotonic()

    def look(self) -> None:
        self._look()
        if time.monotonic() - self._since >= self._seconds:
            raise ServerFailed("slow")

    def reset_by(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
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
            # From a gateway in front of it.
            return "unreachable"
        case _:
            return "refused"


def _rate_limit_pause(answer: Opened, otherwise: float) -> float:
    """Retry-After in seconds; `otherwise` where it is missing or a date."""
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else otherwise


def _wait(seconds: float, look: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        look()
        time.sleep(min(left, LOOK_SECONDS))
