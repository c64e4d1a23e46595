"""Waiting for what must come, with a time after which it counts as never: no test asserts how long it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
# Far longer than anything here takes on a busy machine.
PATIENCE = 120.0


def ends(work: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `work` gives or raises, where a limit of its own is what ends it.

    Without that limit it would go on for ever: it runs beside the test, which fails instead of standing still.
    """
    results: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed on to the test
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"it goes on after {seconds:.0f} s"
    if raised:
        raise raised[0]
    return results[0]


def until(happened: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether it comes true before patience is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.02)
    return bool(happened())
