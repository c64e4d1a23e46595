"""G24. No leak: hundreds of tabs opened and closed one after the other leave no memory, thread or file behind."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.guarantees.apps import Running, quiet, running, wait_until_warm
from tests.guarantees.library import FULL, size
from tests.guarantees.sessions import Times, session

SESSIONS = size(50, 500)
# The server keeps up to 128 closed tabs for two minutes, in case they come back, each with three open files:
# in the long version it holds as many as it ever does before anything is counted, else it forgets them at once.
WARM_UP = size(10, 130)
FORGETTING = {} if FULL else {"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1"}
SETTLE_SECONDS = 5


@dataclass(frozen=True)
class Held:
    """What the server holds."""

    megabytes: float
    threads: int
    files: int


@pytest.mark.nightly
def test_g24_tabs_one_after_the_other(tmp_path: Path) -> None:
    times = Times()

    def visit(address: str) -> float:
        with session(address) as tab:
            return tab.run() + tab.run("documents")

    def settled(app: Running) -> Held:
        time.sleep(SETTLE_SECONDS)
        # Closed tabs are forgotten when the next one comes.
        times.of(lambda: visit(app.address))
        process = psutil.Process(app.pid)
        return Held(process.memory_info().rss / 2**20, process.num_threads(), process.num_fds())

    with running(tmp_path, quiet() | FORGETTING) as app:
        for _ in range(WARM_UP):
            times.of(lambda: visit(app.address))
        wait_until_warm(app.pid)
        before = settled(app)
        for _ in range(SESSIONS):
            times.of(lambda: visit(app.address))
        after = settled(app)
    growth = after.megabytes - before.megabytes
    print(
        f"G24: {SESSIONS} tabs after {WARM_UP}: {growth:+.0f} MB (< 100), threads {before.threads} → {after.threads}, "
        f"open files {before.files} → {after.files} (within 10 %), each {times}"
    )
    assert times.failures == []
    assert growth < 100
    # A few threads of the server come and go.
    assert after.threads <= 1.1 * before.threads + 4
    assert after.files <= 1.1 * before.files + 3
