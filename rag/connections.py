"""Sees every connection that a Python process tries, and can keep the process on this machine.

What libraries written in other languages do by themselves is not seen here.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path
from typing import Any, Final

# Names the file to write refused connections to; processes started by this one inherit it.
RECORD: Final = "FOOTNOTE_CONNECTIONS"

# Which part of an event's arguments says where it leads.
_CONNECTS: Final = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
_LOOPBACK: Final = re.compile(r"127(\.\d{1,3}){3}")
_LOOKS_UP: Final = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


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
    text = host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host or "")
    return text in ("", "localhost", "::", "::1", "0.0.0.0") or _LOOPBACK.fullmatch(text) is not None


def _leads_to(event: str, arguments: tuple[Any, ...]) -> object:
    """The host that an event leads to; None where it leads nowhere."""
    if event in _LOOKS_UP:
        return arguments[0]
    if event not in _CONNECTS or arguments[0].family not in (socket.AF_INET, socket.AF_INET6):
        return None
    address = arguments[1]
    return address[0] if isinstance(address, tuple) else None
