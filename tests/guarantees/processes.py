"""Processes told by a mark in the environment that they were started with: also those that others have taken over."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

# One of the few names that the process that parses documents is given too.
NAME = "TMPDIR"


def marked(folder: Path) -> dict[int, list[str]]:
    """Number → command line of each process that lives and was started with this folder in NAME."""
    mark = f"{NAME}={folder}".encode()
    found = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdecimal() or int(place.name) == os.getpid():
            continue
        # One that has ended has no environment any more, whether or not somebody has asked after it.
        with suppress(OSError):
            if mark in (place / "environ").read_bytes().split(b"\0"):
                found[int(place.name)] = (place / "cmdline").read_text().rstrip("\0").split("\0")
    return found


def left_after(folder: Path, seconds: float) -> dict[int, list[str]]:
    """Those that live after so many seconds; looked for until there are none."""
    deadline = time.monotonic() + seconds
    while (found := marked(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def end(folder: Path) -> None:
    """Kill all that are left: one may start another one meanwhile."""
    while found := marked(folder):
        for number in found:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.05)
