"""Exact nearest neighbours by cosine in memory (FAISS), with binary quantization as a first stage for many vectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import faiss
import numpy as np
import numpy.typing as npt

from rag.library.store.passages import Ids, Vectors

_BinaryCodes = npt.NDArray[np.uint8]

# Number of vectors from which binary codes preselect candidates. Fewer are scanned in 4 ms or less.
QUANTIZE_FROM: Final = 25_000
# Candidates that are rescored, as a share of all: recall against time. Measured in bench/results.md.
_LOOKED_AT: Final = 0.04
_MOST: Final = 20_000


class VectorIndex:
    """Unit vectors by caller-given ids. Any number of threads may search; none while one changes it.

    With many vectors, binary codes (the sign of each dimension) are searched first, in a thirtieth of the time, and
    the vectors with the smallest Hamming distances are rescored. Results do not depend on insertion order.

    Unlike LangChain's class of that name there is no pickle file, and the filter is part of the search rather than
    applied to its results.

    Args:
        quantize_from: number of vectors from which codes are used.
    """

    def __init__(self, dimension: int, quantize_from: int = QUANTIZE_FROM) -> None:
        self.dimension = dimension
        self._flat = faiss.IndexFlatIP(dimension)
        self._index = faiss.IndexIDMap2(self._flat)
        self._ids: Ids = np.empty(0, np.int64)
        self._quantize_from = quantize_from
        self._binary_codes: faiss.IndexBinaryFlat | None = None

    @property
    def ids(self) -> Ids:
        """The ids, ascending."""
        return self._ids

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors (n, dimension) under new ids (n,)."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"{len(ids)} ids of dimension {self.dimension} got vectors of shape {vectors.shape}")
        if not len(ids):
            return
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))
        later = len(self._ids) == 0 or ids[0] > self._ids[-1]
        # Ids of a store only grow, which makes sorting unnecessary.
        ordered = later and bool((np.diff(ids) > 0).all())
        self._ids = np.concatenate([self._ids, ids]) if ordered else np.union1d(self._ids, ids)
        if self._binary_codes is not None:
            self._binary_codes.add(_binary_quantized(vectors))
        elif len(self._ids) >= self._quantize_from and self.dimension % 8 == 0:
            self._binary_codes = faiss.IndexBinaryFlat(self.dimension)
            # Counting sort over the possible distances takes half the time of a heap.
            self._binary_codes.use_heap = False  # type: ignore[attr-defined]
            self._binary_codes.add(_binary_quantized(self._vectors()))

    def remove(self, ids: Ids) -> None:
        """Remove ids; unknown ones are ignored."""
        if not len(ids):
            return
        if self._binary_codes is not None:
            # By position: codes and vectors have the same order, and keep it.
            places = np.flatnonzero(np.isin(self._places(), ids))
            self._binary_codes.remove_ids(faiss.IDSelectorBatch(places))
        self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, np.int64)))
        self._ids = np.setdiff1d(self._ids, ids, assume_unique=True)

    def contents(self) -> Vectors:
        """All vectors (n, dimension) in the order of `ids`; a view, valid until the next change."""
        order = self._places()
        # Sorted only where ids were not added in ascending order.
        return self._vectors() if np.array_equal(order, self._ids) else self._vectors()[np.argsort(order)]

    def search(self, vector: Vectors, k: int, only: Ids | None = None) -> list[tuple[int, float]]:
        """The k ids nearest to a unit vector (dimension,), with their cosines, nearest first; fewer where there are.

        Args:
            only: ids to search among; None means all.
        """
        if vector.shape != (self.dimension,):
            raise ValueError(f"a query of dimension {self.dimension} is needed, got the shape {vector.shape}")
        k = min(k, len(self._ids) if only is None else len(only))
        if k <= 0:
            return []
        query = np.ascontiguousarray(vector[None, :], np.float32)
        with _one_processor():
            if only is None and self._binary_codes is not None:
                return self._rescored_candidates(query, k, self._binary_codes)
            return self._among_all(query, k, only)

    def _among_all(self, query: Vectors, k: int, only: Ids | None) -> list[tuple[int, float]]:
        # FAISS does not copy the ids: they must live as long as the search.
        chosen = None if only is None else np.ascontiguousarray(only, np.int64)
        selector = None if chosen is None else faiss.IDSelectorBatch(chosen)
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, ids = self._index.search(query, k, params=parameters)
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]

    def _rescored_candidates(self, query: Vectors, k: int, codes: faiss.IndexBinaryFlat) -> list[tuple[int, float]]:
        count = min(len(self._ids), max(10 * k, min(_MOST, round(_LOOKED_AT * len(self._ids)))))
        # In storage order: sequential memory access, and the same order of equal cosines as the exact search.
        places = np.sort(codes.search(_binary_quantized(query), count)[1][0])
        # In place: copying the vectors would take longer than the products.
        cosines = np.empty(count, np.float32)
        faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]
            *(faiss.swig_ptr(cosines), faiss.swig_ptr(query), self._flat.get_xb(), faiss.swig_ptr(places)),
            *(self.dimension, 1, count),
        )
        best = np.argsort(-cosines, kind="stable")[:k]
        ids = self._places()[places[best]]
        return [(int(i), float(cosine)) for i, cosine in zip(ids, cosines[best], strict=True)]

    def _vectors(self) -> Vectors:
        """The vectors (n, dimension) in storage order; a view."""
        count = self._flat.ntotal
        vectors: Vectors = faiss.rev_swig_ptr(self._flat.get_xb(), count * self.dimension).reshape(
            count, self.dimension
        )
        return vectors

    def _places(self) -> Ids:
        """The id of each vector in storage order; a view."""
        ids: Ids = faiss.rev_swig_ptr(self._index.id_map.data(), self._flat.ntotal)
        return ids


@contextmanager
def _one_processor() -> Iterator[None]:
    """Use one OpenMP thread: several would synchronise at every step, and contend where many people search."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        # The setting is the calling thread's, which may compute other things with several.
        faiss.omp_set_num_threads(before)


def _binary_quantized(vectors: Vectors) -> _BinaryCodes:
    """The signs (n, dimension / 8), packed eight to a byte."""
    return np.packbits(vectors > 0, axis=1)
