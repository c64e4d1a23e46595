"""What a search needs of the index, the store and a reranker, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.answering.retrieval.abstention import Signals
from rag.answering.retrieval.identifier_search import Missing
from rag.core.types import Page, PageKey, Passage

Vector = npt.NDArray[np.float32]


class Searchable(Protocol):
    """The index interface; `rag.library.index.Index` implements it."""

    def search_vectors(
        self,
        collection_id: str,
        vector: Vector,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Raises VectorsLacking if not all vectors are reachable, unless `known` chunk ids are to be scored instead."""

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]: ...

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """The number of chunks, and the document frequency of each term (of `rag.core.text.terms`)."""


class Readable(Protocol):
    """The document store interface; `rag.library.store.Store.documents` implements it."""

    def passages(self, owner: str, chunk_ids: Iterable[int]) -> dict[int, Passage]: ...

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]: ...


class Reranker(Protocol):
    """A cross-encoder."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """A relevance score per text; larger is better."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    `query` is the main query variant, `weights` the IDF of its terms, `gate` the probability that the passages answer
    it (refused below `threshold`), `words_only` whether the vector index was unreachable, `pages` the passages' pages
    by document and number, `missing` the codes, years and names of the question that no document holds, `unheld` the
    kinds of a thing. `further` are passages behind the best ones that hold rows of tables.
    """

    passages: tuple[Passage, ...]
    query: str
    signals: Signals
    gate: float
    threshold: float
    weights: Mapping[str, float] = field(default_factory=dict)
    words_only: bool = False
    pages: Mapping[PageKey, Page] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    further: tuple[Passage, ...] = ()
    unheld: tuple[Missing, ...] = ()
