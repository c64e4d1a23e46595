"""Whether a model fits this machine's memory, and its estimated time to first token."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import psutil

FitRating = Literal["well", "slow", "no", "unknown"]

# Tokens of a typical prompt: instructions, three quotes with context, the question.
PROMPT: Final = 400
# Large models process a byte of weights this much faster than the small measured one, whose matrices do not
# saturate a core: 1.7 and 2.6 times at 7B shape on two machines.
_LARGER_IS_FASTER: Final = 2.0
# Seconds to first token above which a model counts as slow.
_PATIENCE: Final = 10
_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured throughput: prompt tokens and generated tokens per second, and the bytes of the weights."""

    read: float
    write: float
    size: int


@dataclass(frozen=True, slots=True)
class Fit:
    """`seconds` to first token, None where unknown; `measured` on this very model rather than estimated."""

    mark: FitRating
    seconds: int | None = None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """Available memory in bytes, usable cores, and the processor's model name."""

    memory: int
    cores: int
    processor: str


def machine() -> Machine:
    """This machine, within the limits of its container (cgroup v2)."""
    memory = min(psutil.virtual_memory().available, *_container_memory())
    return Machine(memory, _cores(), _processor())


def fit(memory: int | None, size: int | None, here: Machine, speed: Speed | None, measured: Speed | None) -> Fit:
    """Rate a model for this machine.

    Args:
        memory: bytes it needs; None where unknown.
        size: bytes of its weights, to which its time is proportional.
        speed: throughput of the small bundled model on this machine.
        measured: throughput of this very model, where it has run here before.
    """
    if memory is not None and memory > here.memory and not measured:
        return Fit("no")
    known = measured or speed
    if known is None or not size:
        return Fit("unknown")
    scale = 1.0 if measured else max(1.0, size / known.size / _LARGER_IS_FASTER)
    seconds = (PROMPT / known.read + 1 / known.write) * scale
    return Fit("well" if seconds <= _PATIENCE else "slow", max(1, round(seconds)), measured is not None)


def read_speeds(file: Path, here: Machine) -> dict[str, Speed]:
    """Saved measurements by model name; none where they are from another machine."""
    try:
        fields = json.loads(file.read_text("utf-8"))
        if fields["machine"] != _fingerprint(here):
            return {}
        return {name: Speed(**values) for name, values in fields["speeds"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def write_speeds(file: Path, here: Machine, speeds: Mapping[str, Speed]) -> None:
    """Save measurements atomically."""
    fields = {"machine": _fingerprint(here), "speeds": {name: asdict(speed) for name, speed in speeds.items()}}
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(fields), "utf-8")
    new.replace(file)


def _fingerprint(here: Machine) -> str:
    return f"{here.processor}, {here.cores}"


def _container_memory() -> list[int]:
    """Bytes the container may still allocate, where limited; inactive page cache counts as free."""
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        lines = (line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        return [limit - used + next((int(value) for name, value in lines if name == "inactive_file"), 0)]
    except (OSError, ValueError):
        return [2**62]


def _cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return cores


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
