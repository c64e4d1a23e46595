"""The report: a section of `bench/results.md` and a value in `bench/results.json` for each measure.

Each is renewed by the script that measures it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rag.core.processors import computes_bfloat16
from rag.models.catalogue import hardware_fit

_PACKAGES = ("torch", "faiss-cpu", "llama-cpp-python")

RESULTS = Path(__file__).resolve().parent / "results.md"
_HEAD = "# Measured\n\nEach section is written by the command it names; times depend on the machine, ratios less so.\n"


def renew(title: str, command: str, body: str, result: Any = None, file: Path = RESULTS) -> None:
    """Puts a section into the report, in place of the one of that title, and its numbers beside it."""
    text = file.read_text("utf-8") if file.is_file() else _HEAD
    section = f"## {title}\n\n`{command}` on {date.today()}, {machine()}.\n\n{body.strip()}\n"
    text = re.sub(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)
    file.write_text(f"{text.rstrip()}\n\n{section}", "utf-8")
    if result is not None:
        numbers = file.with_suffix(".json")
        known = json.loads(numbers.read_text("utf-8")) if numbers.is_file() else {}
        known[title] = {"command": command, "on": str(date.today()), "machine": machine(), "result": result}
        numbers.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def machine() -> str:
    """What the times were taken on, as far as it matters to them."""
    here = hardware_fit.machine()
    bf16 = "with" if computes_bfloat16() else "without"
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"{platform.system()}, {here.processor}, {os.cpu_count()} processor cores, {bf16} bf16 instructions, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {versions}"
    )
