"""An embedder whose vectors are kept in a file: figures are measured again and again over the same texts."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.models.embedding import LateChunkingEmbedder, Vectors

_AT_ONCE = 16


class CachedEmbedder:
    """Any embedder, each text computed once; `<folder>/<name>.vectors` holds what was computed before."""

    def __init__(self, embedder: Any, folder: Path) -> None:
        self.name, self.dimension = embedder.name, embedder.dimension
        self.max_tokens, self.fallback_for = embedder.max_tokens, embedder.fallback_for
        self._embedder, self._lock = embedder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._kept = sqlite3.connect(
            folder / f"{embedder.name.replace('/', '--')}.vectors",
            timeout=600,
            isolation_level=None,
            check_same_thread=False,
        )
        self._kept.execute("PRAGMA journal_mode = WAL")
        self._kept.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._through([("passage", text, 0) for text in texts], self._embedder.embed_passages)

    def embed_query(self, text: str) -> Vectors:
        found = self._through([("query", text, 0)], lambda texts: self._embedder.embed_query(texts[0])[None, :])
        vector: Vectors = found[0]
        return vector

    def embed_spans(self, texts: Sequence[str], starts: Sequence[int]) -> Vectors | None:
        if not isinstance(self._embedder, LateChunkingEmbedder) or not texts:
            return None
        keys = [("span", text, start) for text, start in zip(texts, starts, strict=True)]
        at = dict(zip(texts, starts, strict=True))
        return self._through(keys, lambda some: self._embedder.embed_spans(some, [at[text] for text in some]))

    def count_tokens(self, text: str) -> int:
        count: int = self._embedder.count_tokens(text)
        return count

    def _through(self, wanted: Sequence[tuple[str, str, int]], compute: Callable[[list[str]], Vectors]) -> Vectors:
        """The vectors of these texts, those that are not kept yet computed a few in one go."""
        if not wanted:
            return np.zeros((0, self.dimension), np.float32)
        keys = [hashlib.sha256(f"{kind}\0{start}\0{text}".encode()).digest() for kind, text, start in wanted]
        kept = {key: vector for key in dict.fromkeys(keys) if (vector := self._read(key)) is not None}
        new = list({key: text for key, (_, text, _) in zip(keys, wanted, strict=True) if key not in kept}.items())
        new.sort(key=lambda pair: len(pair[1]))
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]
            vectors = compute([text for _, text in some])
            rows = [(key, vector.astype(np.float32).tobytes()) for (key, _), vector in zip(some, vectors, strict=True)]
            with self._lock:
                self._kept.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
            kept |= dict(rows)
        return np.stack([np.frombuffer(kept[key], np.float32) for key in keys])

    def _read(self, key: bytes) -> bytes | None:
        with self._lock:
            row = self._kept.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])
