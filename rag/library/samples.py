"""The sample documents that come with the app, read into a collection of their own at the first start."""

from __future__ import annotations

import json
from typing import Any, Final

from rag.core.settings import PROJECT
from rag.library.store import Store

SAMPLES: Final = PROJECT / "data" / "samples"
SAMPLE_KINDS: Final = {".pdf", ".html", ".docx"}
# The name as stored; pages show it in the user's language.
SAMPLES_NAME: Final = "Samples"
EXAMPLES_SHOWN: Final = 4


def read_samples(store: Store, owner: str) -> None:
    """At the first start, queue the sample documents for a collection of their own."""
    if store.collections.list(owner):
        return
    enqueue_samples(store, owner, store.collections.create(owner, SAMPLES_NAME, samples=True).id)


def enqueue_samples(store: Store, owner: str, collection_id: str) -> None:
    """Queue the sample documents for a collection."""
    for file in sorted(SAMPLES.iterdir()):
        if file.suffix in SAMPLE_KINDS:
            store.jobs.enqueue(owner, collection_id, file.name, "file", file.read_bytes())


def share_samples(store: Store, owner: str) -> None:
    """Where people sign in, share the samples with everybody, read-only."""
    for collection in store.collections.list(owner):
        if collection.samples:
            store.shares.give(owner, collection.id, "everybody", "", "reader")


def example_questions(language: str) -> list[str]:
    """Questions that the sample documents answer, as suggestions."""
    return [item["question"] for item in sample_questions() if item["language"] == language][:EXAMPLES_SHOWN]


def sample_questions() -> list[dict[str, Any]]:
    """The questions that the sample documents answer, with their language."""
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [item for item in map(json.loads, lines) if item["answerable"]]
