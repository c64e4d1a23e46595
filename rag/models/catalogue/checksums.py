"""What is known of the files of a model since its first download or import, and what they are held to.

One small file a model, `<models folder>/<name>.json`. It stays when the model is removed, so that the
same name brings the same bytes again, or is refused.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Record:
    """`place` is the model's file or folder within the models folder; `files` are the hashes (SHA-256) by their
    paths; `source` is where they came from and `first` the day, as YYYY-MM-DD."""

    name: str
    place: str
    source: str
    files: Mapping[str, str]
    first: str = ""


def slug(name: str) -> str:
    """A model's name as one that a file may have: `llama-2-7b-chat:Q5_K_M` has its colon replaced."""
    return name.replace("/", "--").replace(":", "-")


def read_record(folder: Path, name: str) -> Record | None:
    """What was written down of a model, or None where nothing was, or nothing that can be read."""
    try:
        fields = json.loads(_file(folder, name).read_text("utf-8"))
        record = Record(**fields)
    except (OSError, ValueError, TypeError):
        return None
    whole = isinstance(record.files, dict) and all(_HASH.fullmatch(str(value)) for value in record.files.values())
    return record if whole and record.name == name else None


def write_record(folder: Path, record: Record) -> None:
    """Write it down, whole or not at all."""
    file = _file(folder, record.name)
    fields = {**asdict(record), "first": record.first or datetime.now(UTC).date().isoformat()}
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(fields, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def forget_record(folder: Path, name: str) -> None:
    """From now on nothing is known of the model."""
    _file(folder, name).unlink(missing_ok=True)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{slug(name)}.json"
