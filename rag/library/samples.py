"""The sample documents that come with the app, read into a collection of their own at the first start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from rag.core.formats import promised
from rag.core.installation import SAMPLES as SAMPLES
from rag.library.store import Store

# Stored names; the page shows the samples' in the user's language.
SAMPLES_NAME: Final = "Samples"
EXAMPLES_SHOWN: Final = 4


def read_samples(store: Store, owner: str) -> None:
    """At the first start, queue the sample documents for a collection of their own."""
    if store.collections.list(owner):
        return
    collection = store.collections.create(owner, SAMPLES_NAME, samples=True)
    for file in sample_files():
        store.jobs.enqueue(owner, collection.id, file.name, "file", file.read_bytes())


def sample_files() -> list[Path]:
    """The documents among the files of the samples."""
    beside = {"README.md", "questions.jsonl"}
    return sorted(file for file in SAMPLES.iterdir() if promised(file.name) and file.name not in beside)


def share_samples(store: Store, owner: str) -> None:
    """Where people sign in, share the samples with everybody, read-only."""
    for collection in store.collections.list(owner):
        if collection.samples:
            store.shares.give(owner, collection.id, "everybody", "", "reader")


def example_questions(language: str) -> list[str]:
    """Questions that the sample documents answer, as suggestions; in English where there are none in the language."""
    questions = sample_questions()
    written = language if any(item["language"] == language for item in questions) else "en"
    return [item["question"] for item in questions if item["language"] == written][:EXAMPLES_SHOWN]


def sample_questions() -> list[dict[str, Any]]:
    """The questions that the sample documents answer, with their language."""
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [item for item in map(json.loads, lines) if item["answerable"]]
