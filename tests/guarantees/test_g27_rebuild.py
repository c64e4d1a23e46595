"""G27. A library of 100,000 chunks is indexed anew in under 60 s, and every search finds what it found before."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np

from rag.core.types import Chunk, LoadedDocument, Page
from rag.library.index import Index
from rag.library.store import Store
from rag.models.embedding import Vectors
from tests.guarantees.library import DIMENSION, OWNER, size

CHUNKS = size(10_000, 100_000)
QUERIES = size(20, 100)
AT_ONCE = 1_000


def _vectors(count: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def test_g27_a_rebuilt_index_finds_the_same(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create(OWNER, "mine")
    rng = np.random.default_rng(0)
    names = [f"word{number}" for number in range(5_000)]
    queries = _vectors(QUERIES, 1)
    index = Index(store)
    for number in range(CHUNKS // AT_ONCE):
        # Some words are far more frequent than others, as in any language.
        texts = [" ".join(names[int(i) % 5_000] for i in rng.zipf(1.3, 80) % 10**6) for _ in range(AT_ONCE)]
        chunks = [Chunk(1, "1", "", "", text, 0, len(text)) for text in texts]
        document = store.documents.add(
            OWNER, collection.id, LoadedDocument(f"{number}", "", "text", (Page(1, "1", texts[0]),)), chunks,
            _vectors(AT_ONCE, 100 + number), sha256=hashlib.sha256(bytes([number])).hexdigest(), size=1,
            language="en", embedder="toy",
        )  # fmt: skip
        # The index follows as documents come; one in ten goes again.
        index.search_vectors(collection.id, queries[0], 10)
        if number % 10 == 9:
            store.documents.remove(OWNER, document.id)
    before = [index.search_vectors(collection.id, query, 10) for query in queries]
    words_before = [index.search_words(OWNER, collection.id, f"word{40 + q} word{7 * q}", 10) for q in range(QUERIES)]
    began = time.monotonic()
    fresh = Index(Store.open(tmp_path))
    count = fresh.rebuild(collection.id)
    with store.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO words (words) VALUES ('rebuild')")
    seconds = time.monotonic() - began
    began = time.monotonic()
    after = [fresh.search_vectors(collection.id, query, 10) for query in queries]
    vector_ms = (time.monotonic() - began) / QUERIES * 1000
    began = time.monotonic()
    words_after = [fresh.search_words(OWNER, collection.id, f"word{40 + q} word{7 * q}", 10) for q in range(QUERIES)]
    words_ms = (time.monotonic() - began) / QUERIES * 1000
    same = sum([i for i, _ in a] == [i for i, _ in b] for a, b in zip(before, after, strict=True))
    same_words = sum([i for i, _ in a] == [i for i, _ in b] for a, b in zip(words_before, words_after, strict=True))
    print(
        f"G27: {count} chunks rebuilt in {seconds:.1f} of at most 60 s; {same} vector and {same_words} word searches "
        f"of {QUERIES} find the same; {vector_ms:.1f} and {words_ms:.1f} ms each"
    )
    assert same == same_words == QUERIES
