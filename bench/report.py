"""The report `bench/results.md`: one section for each measure, renewed by the script that measures it."""

from __future__ import annotations

import os
import platform
import re
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results.md"
_HEAD = "# Measured\n\nEach section is written by the command it names; times depend on the machine, ratios less so.\n"


def renew(title: str, command: str, body: str, file: Path = RESULTS) -> None:
    """Puts a section into the report, in place of the one of that title."""
    text = file.read_text("utf-8") if file.is_file() else _HEAD
    machine = f"{platform.system()}, {os.cpu_count()} processor cores, Python {platform.python_version()}"
    section = f"## {title}\n\n`{command}` on {date.today()}, {machine}.\n\n{body.strip()}\n"
    text = re.sub(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", "", text, flags=re.DOTALL)
    file.write_text(f"{text.rstrip()}\n\n{section}", "utf-8")
