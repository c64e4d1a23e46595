"""What this machine computes with, and how it is shared out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def threads_in_use() -> int:
    """Processors that torch computes with in this thread."""
    import torch

    return int(torch.get_num_threads())


def each_alone(count: int) -> ThreadPoolExecutor:
    """Threads that compute with one processor each; all others of this process with as many as before."""
    import torch

    threads, together = threads_in_use(), threading.Barrier(count)

    def begin() -> None:
        # Asked first: a thread that was never asked takes over what is set for all when it begins to compute.
        torch.get_num_threads()
        torch.set_num_threads(1)

    pool = ThreadPoolExecutor(count, "computing", initializer=begin)
    # All begin now, so that what they have set for all can be set back.
    list(pool.map(lambda _: together.wait(), range(count)))
    torch.set_num_threads(threads)
    return pool


def computes_bfloat16() -> bool:
    """Whether this processor has instructions for half-width numbers."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
