"""Pinned hashes: the SHA-256 of a model's files at its first download or import (trust on first use).

One file per model, `<models folder>/<name>.json`. It is kept when the model is removed, so that the same name gives
the same bytes again or is refused.
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
    """`place` is the file or folder within the models folder, `files` hex SHA-256 by path, `source` the host or
    `import`, `first` the date of the first download (YYYY-MM-DD)."""

    name: str
    place: str
    source: str
    files: Mapping[str, str]
    first: str = ""


def slug(name: str) -> str:
    """A model's name as a file name: `/` and `:` replaced."""
    return name.replace("/", "--").replace(":", "-")


def read_record(folder: Path, name: str) -> Record | None:
    """The record of a model; None where there is none, or it is damaged."""
    try:
        fields = json.loads(_file(folder, name).read_text("utf-8"))
        record = Record(**fields)
    except (OSError, ValueError, TypeError):
        return None
    valid = isinstance(record.files, dict) and all(_HASH.fullmatch(str(value)) for value in record.files.values())
    return record if valid and record.name == name else None


def write_record(folder: Path, record: Record) -> None:
    """Write a record atomically."""
    file = _file(folder, record.name)
    fields = {**asdict(record), "first": record.first or datetime.now(UTC).date().isoformat()}
    new = file.with_suffix(".new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(fields, out, ensure_ascii=False, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def forget_record(folder: Path, name: str) -> None:
    """Delete a record, so that the next download pins new hashes."""
    _file(folder, name).unlink(missing_ok=True)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{slug(name)}.json"
