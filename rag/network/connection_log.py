"""Records, or refuses, every connection off this machine that a Python process attempts, by an audit hook.

What native libraries do by themselves is not seen here.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from rag.network.ssrf import is_ip, is_loopback

# Environment variable with the file to which refused connections are written; inherited by child processes.
RECORD: Final = "FOOTNOTE_CONNECTIONS"
# Environment variable with the file that records all connections since the app's start; inherited as well.
SEEN: Final = "FOOTNOTE_CONNECTIONS_SEEN"
SEEN_FILE: Final = "connections.jsonl"

# Audit events that `rag.network` raises: (host, port, the checked IP) and (host, port).
OPENING: Final = "footnote.opening"
REFUSED: Final = "footnote.refused"

# Events whose second argument is the address; of the lookups, the first one is.
_CONNECTS: Final = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
_LOOKS_UP: Final = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
# The most lines that one process writes.
_MOST: Final = 5000

What = Literal["started", "looked_up", "tried", "refused"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the record: when (UTC, ISO 8601), which process, what it did, and to which host and port."""

    at: str
    process: str
    what: What
    place: str = ""


class _RecordWriter:
    """Appends to the record. Each line is one write, so that processes can share the file."""

    def __init__(self, file: Path, process: str) -> None:
        self.process = process
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._left = _MOST

    def write(self, what: What, place: str = "") -> None:
        with self._lock:
            self._left -= 1
            if self._left < 0:
                return
        line = json.dumps(asdict(Seen(datetime.now(UTC).isoformat(timespec="seconds"), self.process, what, place)))
        os.write(self._file, line.encode() + b"\n")


_writer: _RecordWriter | None = None


def begin(file: Path, process: str) -> None:
    """Record every connection off this machine that this process attempts, in a new file. Only the first call counts.

    Child processes continue the same record once they `join`.
    """
    if _writer is None:
        file.unlink(missing_ok=True)
        os.environ[SEEN] = str(file)
        join(process)


def join(process: str) -> None:
    """Continue the record of the parent process; without one, nothing is recorded."""
    global _writer
    if _writer is None and os.environ.get(SEEN):
        _writer = _RecordWriter(Path(os.environ[SEEN]), process)
        _writer.write("started")
        sys.addaudithook(_note)


def seen(file: Path) -> list[Seen]:
    """The record, oldest first; empty where there is none. Unreadable lines are skipped."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            lines.append(Seen(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return lines


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook that records."""
    if not event.startswith(("socket.", "footnote.")) or _writer is None:
        return
    if event == REFUSED:
        _writer.write("refused", _place(*arguments))
    elif event == OPENING:
        _host_of_ip[arguments[2]] = arguments[0]
    elif event != "socket.bind" and not is_here(host := _target(event, arguments)):
        if event not in _LOOKS_UP:
            _writer.write("tried", _place(_host_of_ip.get(_text(host), host), arguments[1][1]))
        elif not is_ip(_text(host)):
            _writer.write("looked_up", _text(host))


# Checked IP → the host that it was resolved from.
_host_of_ip: dict[str, str] = {}


def _place(host: object, port: object) -> str:
    text = _text(host)
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def stay() -> None:
    """Refuse every connection off this machine from now on, and write each to the file of RECORD.

    An audit hook cannot be removed: this holds until the process ends.
    """
    record = Path(os.environ[RECORD])

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        host = _target(event, arguments)
        if is_here(host):
            return
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{event} {host!r}\n")
        raise ConnectionRefusedError("the network is cut")

    sys.addaudithook(hook)


def is_here(host: object) -> bool:
    """Whether a connection to this host stays on this machine; None, "" and the unspecified addresses do."""
    text = _text(host or "")
    return text in ("", "::", "0.0.0.0") or is_loopback(text)


def _text(host: object) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)


def _target(event: str, arguments: tuple[Any, ...]) -> object:
    """The host that an event connects to; None where it connects to none."""
    if event in _LOOKS_UP:
        return arguments[0]
    if event not in _CONNECTS or arguments[0].family not in (socket.AF_INET, socket.AF_INET6):
        return None
    address = arguments[1]
    return address[0] if isinstance(address, tuple) else None
