"""What is measured on: the PDFs of a folder, and the questions to them in its `questions.jsonl`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"


def pdfs(folder: Path) -> list[Path]:
    """All PDFs in a folder and in the folders inside it, by name."""
    found = sorted(folder.rglob("*.pdf"))
    if not found:
        raise SystemExit(f"{folder} holds no PDF")
    return found


def questions_of(folder: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """The first questions that one of its PDFs answers, in the shape of data/samples/questions.jsonl."""
    file = folder / "questions.jsonl"
    records = map(json.loads, file.read_text("utf-8").splitlines()) if file.is_file() else []
    return [record for record in records if record["answerable"] and str(record["file"]).endswith(".pdf")][:limit]
