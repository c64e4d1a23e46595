"""Sees every connection off this machine that a Python process tries; writes them down, or refuses them.

What libraries written in other languages do by themselves is not seen here.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

# Names the file to write refused connections to; processes started by this one inherit it.
RECORD: Final = "FOOTNOTE_CONNECTIONS"
# Names the file in which all connections since the app's start stand; inherited as well.
SEEN: Final = "FOOTNOTE_CONNECTIONS_SEEN"
SEEN_FILE: Final = "connections.jsonl"

# What `rag.network` says by `sys.audit`: (host, port, the address it has checked) and (host, port).
OPENING: Final = "footnote.opening"
REFUSED: Final = "footnote.refused"

# Which part of an event's arguments says where it leads.
_CONNECTS: Final = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
_LOOPBACK: Final = re.compile(r"127(\.\d{1,3}){3}")
_LOOKS_UP: Final = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
# Lines written by one process at most: beyond, the list says no more than it does already.
_MOST: Final = 5000

What = Literal["started", "looked_up", "tried", "refused"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the record: when (UTC, ISO 8601), which process, what it did, and where that leads."""

    at: str
    process: str
    what: What
    place: str = ""


class _RecordWriter:
    """Adds lines to the record. A line is one write, so that processes can share the file."""

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
    """From now on write down every connection off this machine that this process tries, in a new record.

    Processes started from here go on in the same one, once they `join`. The first call counts.
    """
    if _writer is None:
        file.unlink(missing_ok=True)
        os.environ[SEEN] = str(file)
        join(process)


def join(process: str) -> None:
    """Go on in the record of the process that started this one; without one, nothing is written."""
    global _writer
    if _writer is None and os.environ.get(SEEN):
        _writer = _RecordWriter(Path(os.environ[SEEN]), process)
        _writer.write("started")
        sys.addaudithook(_note)


def seen(file: Path) -> list[Seen]:
    """The record, oldest first; empty where none was begun. Lines that cannot be read are left out."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            found.append(Seen(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """The hook that writes down."""
    if not event.startswith(("socket.", "footnote.")) or _writer is None:
        return
    if event == REFUSED:
        _writer.write("refused", _place(*arguments))
    elif event == OPENING:
        _named[arguments[2]] = arguments[0]
    elif event != "socket.bind" and not is_here(host := _leads_to(event, arguments)):
        if event not in _LOOKS_UP:
            _writer.write("tried", _place(_named.get(_text(host), host), arguments[1][1]))
        elif not _is_address(_text(host)):
            _writer.write("looked_up", _text(host))


# Checked address → the host that was asked for, as the door has said.
_named: dict[str, str] = {}


def _is_address(text: str) -> bool:
    """Whether a host is an address already, so that looking it up asks nobody."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _place(host: object, port: object) -> str:
    text = _text(host)
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def stay() -> None:
    """From now on refuse every connection off this machine, and write each down in the file of RECORD.

    There is no way back: a hook stays until the process ends.
    """
    record = Path(os.environ[RECORD])

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        host = _leads_to(event, arguments)
        if is_here(host):
            return
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{event} {host!r}\n")
        raise ConnectionRefusedError("the network is cut")

    sys.addaudithook(hook)


def is_here(host: object) -> bool:
    """Whether a connection to this host stays on this machine; None and "" do."""
    text = _text(host or "")
    return text in ("", "localhost", "::", "::1", "0.0.0.0") or _LOOPBACK.fullmatch(text) is not None


def _text(host: object) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)


def _leads_to(event: str, arguments: tuple[Any, ...]) -> object:
    """The host that an event leads to; None where it leads nowhere."""
    if event in _LOOKS_UP:
        return arguments[0]
    if event not in _CONNECTS or arguments[0].family not in (socket.AF_INET, socket.AF_INET6):
        return None
    address = arguments[1]
    return address[0] if isinstance(address, tuple) else None
