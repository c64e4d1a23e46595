"""G13. The same 50 files three times, and resumed after kills: the tables hold the same, hash for hash."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import numpy as np

from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from tests.guarantees.library import OWNER, all_originals, child, faults, kill, size
from tests.support.postgres import Place

FILES = 50
KILLS = 5
ROUNDS = size(1, 10)


class LetterEmbedder:
    """A vector of letter counts: the same text gives the same vector in every process."""

    name, dimension, max_tokens, fallback_for = "letters", 26, 40, None

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> np.ndarray:
        counts = np.array([text.lower().count(chr(97 + i)) for i in range(26)], np.float32) + 0.01
        return counts / np.linalg.norm(counts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def _file(number: int) -> tuple[str, bytes]:
    words = random.Random(number).choices(["harbour", "ship", "letter", "invoice", "年假规定", "leave"], k=300)
    return f"file {number}.txt", f"File {number}.\n\n{' '.join(words)}.".encode()


def _read_all(pipe: Connection | None, place: Place) -> None:
    store = place.open()
    collection = store.collections.by_name(OWNER, "mine") or store.collections.create(OWNER, "mine")
    for number in range(FILES):
        name, data = _file(number)
        read_file(IngestContext(store, LetterEmbedder()), OWNER, collection.id, data, name)
        if pipe is not None:
            pipe.send(number)
    store.close()


def _hashes(place: Place) -> dict[str, str]:
    """One hash for each table's rows, made-up ids and times left out, in the order of the documents' hashes."""
    store = place.open()
    queries = {
        "documents": "SELECT name, title, kind, sha256, size, pages, chunks, empty_pages, language"
        " FROM documents ORDER BY sha256",
        "pages": "SELECT d.sha256, p.number, p.label, p.text, p.headings"
        " FROM pages p JOIN documents d ON d.id = p.document ORDER BY d.sha256, p.number",
        "chunks": 'SELECT d.sha256, c.page, c.section, c.context, c.text, c.start, c."end", c.vector, {terms}'
        ' FROM chunks c JOIN documents d ON d.id = c.document ORDER BY d.sha256, c.page, c.start, c."end"',
        "collections": "SELECT name, embedder, dimension, generation FROM collections",
    }
    with store.database.read() as connection:
        terms = _TERMS[connection.dialect.name]
        found = {}
        for name, query in queries.items():
            rows = [tuple(row) for row in connection.exec_driver_sql(query.replace("{terms}", terms))]
            found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    # Half of one, which a killed reading can leave, is swept away by the reader after an hour.
    originals = sorted(name for name in all_originals(place, store) if not name.endswith(".part"))
    collection = store.collections.by_name(OWNER, "mine")
    assert collection is not None
    assert faults(store, collection) == []
    store.close()
    return found | {"originals": hashlib.sha256("".join(originals).encode()).hexdigest()}


_TERMS = {"sqlite": "c.text_terms", "postgresql": "(SELECT terms::text FROM words WHERE chunk = c.id)"}


def test_g13_reading_the_same_again_changes_nothing(new_place: Callable[[], Place]) -> None:
    whole = new_place()
    _read_all(None, whole)
    once = _hashes(whole)
    for _ in range(2):
        _read_all(None, whole)
        assert _hashes(whole) == once

    died = 0
    for trial in range(ROUNDS):
        place = new_place()
        died += sum(_killed(place, 100 * trial + kills, FILES * (kills + 1) // (KILLS + 1)) for kills in range(KILLS))
        _read_all(None, place)
        assert _hashes(place) == once
    print(f"G13: {FILES} files, 3 times over, and {died} kills in the middle of {ROUNDS} readings: all tables the same")
    assert died >= ROUNDS * KILLS / 2


def _killed(place: Place, seed: int, files: int) -> bool:
    """Kill a reading at some moment after that many files; whether it was still at work."""
    with child(_read_all, place) as (process, pipe):
        for _ in range(files):
            assert pipe.poll(60), "the child does not go on"
            pipe.recv()
        time.sleep(random.Random(seed).uniform(0, 0.01))
        at_work = process.is_alive()
        kill(process)
        return at_work
