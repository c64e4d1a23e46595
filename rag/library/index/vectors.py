"""Nearest neighbours by cosine, in memory, with FAISS: exact, and of many vectors exact among the likeliest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
_Sketches = npt.NDArray[np.uint8]

# From so many vectors on, sketches choose which are looked at. Below, looking at all takes 4 ms and less.
QUANTIZE_FROM: Final = 25_000
# How many are looked at, as a share of all: more find more and take longer. Measured in bench/results.md.
_LOOKED_AT: Final = 0.04
_MOST: Final = 20_000


class VectorIndex:
    """Unit vectors under ids of the caller's. Any number of threads may search; none while one changes it.

    Of many vectors a sketch is kept beside each: one bit a dimension, its sign. A search compares sketches first,
    which takes a thirtieth of the time, and then the vectors of those that differ in the fewest bits. Which
    are found depends on the vectors alone and not on the order in which they came.

    The class of that name in LangChain keeps a pickle beside its index and filters after the search,
    which finds less than was asked for; here there is no file, and the filter is part of the search.

    Args:
        sketch_from: how many vectors are many.
    """

    def __init__(self, dimension: int, quantize_from: int = QUANTIZE_FROM) -> None:
        self.dimension = dimension
        self._flat = faiss.IndexFlatIP(dimension)
        self._index = faiss.IndexIDMap2(self._flat)
        self._ids: Ids = np.empty(0, np.int64)
        self._sketch_from = quantize_from
        self._sketches: faiss.IndexBinaryFlat | None = None

    @property
    def ids(self) -> Ids:
        """The ids that are in, ascending."""
        return self._ids

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors (n, dimension) under ids (n,) that are not in yet."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"{len(ids)} ids of dimension {self.dimension} got vectors of shape {vectors.shape}")
        if not len(ids):
            return
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))
        later = len(self._ids) == 0 or ids[0] > self._ids[-1]
        # Ids of a store only grow; then nothing need be put in order.
        ordered = later and bool((np.diff(ids) > 0).all())
        self._ids = np.concatenate([self._ids, ids]) if ordered else np.union1d(self._ids, ids)
        if self._sketches is not None:
            self._sketches.add(_sketched(vectors))
        elif len(self._ids) >= self._sketch_from and self.dimension % 8 == 0:
            self._sketches = faiss.IndexBinaryFlat(self.dimension)
            # Counting into as many heaps as there are distances: half the time of one heap.
            self._sketches.use_heap = False  # type: ignore[attr-defined]
            self._sketches.add(_sketched(self._vectors()))

    def remove(self, ids: Ids) -> None:
        """Take ids out; those that are not in are passed over."""
        if not len(ids):
            return
        if self._sketches is not None:
            # By place: sketches lie in the order of the vectors, and both move up alike.
            places = np.flatnonzero(np.isin(self._places(), ids))
            self._sketches.remove_ids(faiss.IDSelectorBatch(places))
        self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, np.int64)))
        self._ids = np.setdiff1d(self._ids, ids, assume_unique=True)

    def contents(self) -> Vectors:
        """All vectors (n, dimension) in the order of `ids`. A view: to be used before the next change."""
        order = self._places()
        # Ids that came in another order than they count, as they do from elsewhere than a store.
        return self._vectors() if np.array_equal(order, self._ids) else self._vectors()[np.argsort(order)]

    def search(self, vector: Vectors, k: int, only: Ids | None = None) -> list[tuple[int, float]]:
        """The k ids nearest to a unit vector (dimension,), with their cosines, nearest first.

        Args:
            only: ids to search among; None means all. As many as there are come back, up to k.
        """
        if vector.shape != (self.dimension,):
            raise ValueError(f"a query of dimension {self.dimension} is needed, got the shape {vector.shape}")
        k = min(k, len(self._ids) if only is None else len(only))
        if k <= 0:
            return []
        query = np.ascontiguousarray(vector[None, :], np.float32)
        with _one_processor():
            if only is None and self._sketches is not None:
                return self._among_the_likeliest(query, k, self._sketches)
            return self._among_all(query, k, only)

    def _among_all(self, query: Vectors, k: int, only: Ids | None) -> list[tuple[int, float]]:
        # The selector holds no copy of the ids: they must live as long as the search.
        chosen = None if only is None else np.ascontiguousarray(only, np.int64)
        selector = None if chosen is None else faiss.IDSelectorBatch(chosen)
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, ids = self._index.search(query, k, params=parameters)
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]

    def _among_the_likeliest(self, query: Vectors, k: int, sketches: faiss.IndexBinaryFlat) -> list[tuple[int, float]]:
        count = min(len(self._ids), max(10 * k, min(_MOST, round(_LOOKED_AT * len(self._ids)))))
        # In the order they lie in: memory is read forwards, and equal cosines keep the order of the exact search.
        places = np.sort(sketches.search(_sketched(query), count)[1][0])
        # Where they lie: a copy of them would cost more than the products.
        cosines = np.empty(count, np.float32)
        faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]
            *(faiss.swig_ptr(cosines), faiss.swig_ptr(query), self._flat.get_xb(), faiss.swig_ptr(places)),
            *(self.dimension, 1, count),
        )
        best = np.argsort(-cosines, kind="stable")[:k]
        ids = self._places()[places[best]]
        return [(int(i), float(cosine)) for i, cosine in zip(ids, cosines[best], strict=True)]

    def _vectors(self) -> Vectors:
        """The vectors (n, dimension) as they lie; a view."""
        count = self._flat.ntotal
        held: Vectors = faiss.rev_swig_ptr(self._flat.get_xb(), count * self.dimension).reshape(count, self.dimension)
        return held

    def _places(self) -> Ids:
        """The id of each vector, as they lie; a view."""
        ids: Ids = faiss.rev_swig_ptr(self._index.id_map.data(), self._flat.ntotal)
        return ids


@contextmanager
def _one_processor() -> Iterator[None]:
    """Several would wait for each other at every step of a search, above all where many people search."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        # Whatever else this thread computes may be meant for several.
        faiss.omp_set_num_threads(before)


def _sketched(vectors: Vectors) -> _Sketches:
    """The signs (n, dimension / 8), eight dimensions a byte."""
    return np.packbits(vectors > 0, axis=1)
