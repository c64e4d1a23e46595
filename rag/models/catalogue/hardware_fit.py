"""Does a model run on this machine, and how soon does it say its first word? Told before anyone waits."""

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

# Tokens of a usual prompt: rules, three quotes with their surroundings, the question.
PROMPT: Final = 400
# A large model reads a byte of its weights this much faster than the small measured one, whose matrices are
# too small to fill a core: 1.7 and 2.6 times at 7B shape on two machines.
_LARGER_IS_FASTER: Final = 2.0
# Seconds to the first word that people still wait for without wondering.
_PATIENCE: Final = 10
_CGROUP: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of a model: tokens read and written in a second, and the bytes of its weights."""

    read: float
    write: float
    size: int


@dataclass(frozen=True, slots=True)
class Fit:
    """`seconds` to the first word, None where that is not known; `measured` on this model and not estimated."""

    mark: FitRating
    seconds: int | None = None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """What is here: bytes of memory that can be had now, processor cores that may be used, and which they are."""

    memory: int
    cores: int
    processor: str


def machine() -> Machine:
    """This machine, within the limits of the container that the program runs in."""
    memory = min(psutil.virtual_memory().available, *_container_memory())
    return Machine(memory, _cores(), _processor())


def fit(memory: int | None, size: int | None, here: Machine, speed: Speed | None, measured: Speed | None) -> Fit:
    """How a model of that size runs here.

    Args:
        memory: bytes it needs; None where that is not known.
        size: bytes of its weights, which the time it takes grows with.
        speed: of the small model that every machine can measure.
        measured: of this very model, where it has run here before.
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
    """What was measured before on this machine, by the models' names; nothing from any other machine."""
    try:
        fields = json.loads(file.read_text("utf-8"))
        if fields["machine"] != _fingerprint(here):
            return {}
        return {name: Speed(**values) for name, values in fields["speeds"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def write_speeds(file: Path, here: Machine, speeds: Mapping[str, Speed]) -> None:
    """Remember what was measured."""
    fields = {"machine": _fingerprint(here), "speeds": {name: asdict(speed) for name, speed in speeds.items()}}
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps(fields), "utf-8")
    new.replace(file)


def _fingerprint(here: Machine) -> str:
    return f"{here.processor}, {here.cores}"


def _container_memory() -> list[int]:
    """What the container may still take, where it is limited; its own file cache can be given back."""
    try:
        most = int((_CGROUP / "memory.max").read_text())
        taken = int((_CGROUP / "memory.current").read_text())
        lines = (line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        return [most - taken + next((int(value) for name, value in lines if name == "inactive_file"), 0)]
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
