"""Processor threads and features of this machine."""

from __future__ import annotations

import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def threads_in_use() -> int:
    """The number of torch's threads in this thread."""
    import torch

    return int(torch.get_num_threads())


def each_alone(count: int) -> ThreadPoolExecutor:
    """A pool of threads in which torch computes with one processor each; other threads keep their number."""
    import torch

    threads, together = threads_in_use(), threading.Barrier(count)

    def begin() -> None:
        # Queried first: torch gives a new thread the global setting at its first use, overriding an earlier one.
        torch.get_num_threads()
        torch.set_num_threads(1)

    pool = ThreadPoolExecutor(count, "computing", initializer=begin)
    # Start all threads now: each changes the global setting, which is restored afterwards.
    list(pool.map(lambda _: together.wait(), range(count)))
    torch.set_num_threads(threads)
    return pool


def computes_bfloat16() -> bool:
    """Whether this processor has bfloat16 instructions."""
    flags = _flags()
    return "avx512_bf16" in flags or "amx_bf16" in flags


def multiplies_tiles() -> bool:
    """Whether this processor has instructions for whole matrices (AMX), or is none of Intel's kind, such as ARM."""
    return platform.machine().lower() not in ("x86_64", "amd64") or "amx_int8" in _flags()


def _flags() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return []
