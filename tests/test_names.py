"""A stranger finds a behaviour by searching names of files, classes and functions for the field's word for it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

# What one would search for, and the file where it is done.
BEHAVIOURS = {
    "abstention": "answering/retrieval/abstention.py",
    "audit log": "library/store/audit_log.py",
    "authentication": "ui/authentication.py",
    "backup": "library/store/backup.py",
    "bm25": "library/index/sqlite_bm25.py",
    "binary quantized": "library/index/vectors.py",
    "bootstrap": "evaluation/measures.py",
    "checksum": "models/catalogue/checksums.py",
    "citation": "ui/source_routes.py",
    "condense": "answering/prompts.py",
    "contradiction": "answering/verification/contradiction.py",
    "deduplicated": "answering/evidence/quote_selection.py",
    "encoding detection": "ingestion/loading/encoding_detection.py",
    "export": "viewing/export.py",
    "fair queue": "models/llms/fair_queue.py",
    "follow up": "answering/retrieval/follow_ups.py",
    "heartbeat": "ingestion/worker/lease.py",
    "highlight": "viewing/highlighting.py",
    "hybrid search": "answering/retrieval/hybrid_search.py",
    "late chunking": "models/embedding.py",
    "metrics": "operations/metrics.py",
    "migration": "library/store/migrations.py",
    "negation": "answering/verification/polarity.py",
    "permission": "library/store/permissions.py",
    "rate limit": "models/servers.py",
    "reciprocal rank": "answering/retrieval/rank_fusion.py",
    "rerank": "models/reranking.py",
    "sandbox": "ingestion/loading/sandbox.py",
    "splitting": "ingestion/splitting.py",
    "ssrf": "network/ssrf.py",
    "stem": "core/text/stems.py",
    "stop words": "core/text/stop_words.py",
}
# More places than one looks through are not found.
MOST_PLACES = 6


def plain(name: str) -> str:
    """A name as a search that minds neither capitals nor underscores sees it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("_", " ").strip()


def names() -> dict[str, set[str]]:
    """The plain names in each file of the package: its own, and those of its classes and functions."""
    found = defaultdict(set)
    for file in PROJECT.glob("rag/**/*.py"):
        place = file.relative_to(PROJECT / "rag").as_posix()
        found[place].add(plain(file.stem))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found[place].add(plain(node.name))
    return found


NAMES = names()


@pytest.mark.parametrize(("word", "file"), BEHAVIOURS.items())
def test_a_behaviour_is_found_by_the_word_that_the_field_has_for_it(word: str, file: str) -> None:
    places = {place for place, inside in NAMES.items() if any(f" {word}" in f" {name}" for name in inside)}
    assert file in places
    assert len(places) <= MOST_PLACES, sorted(places)


def test_no_name_is_of_those_that_nobody_searches_for() -> None:
    left = {"desk", "deed", "holding", "told", "shelves", "reads before", "keeps question", "sketch", "borne out"}
    assert {(place, name) for place, inside in NAMES.items() for name in inside & left} == set()
